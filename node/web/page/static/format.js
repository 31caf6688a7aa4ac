// Numbers, times and names as people read them.

const collator = new Intl.Collator('en', {numeric: true});

// compareNames orders node_2 before node_10, and never calls two names equal that are not.
export const compareNames = (a, b) => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

// duration is a time span in its largest unit that fits. Milliseconds.
export function duration(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	if (s < 100) return `${s} s`;
	if (s < 100 * 60) return `${Math.round(s / 60)} min`;
	if (s < 48 * 3600) return `${Math.round(s / 3600)} h`;
	return `${Math.round(s / 86400)} d`;
}

// clock is the time of day, here, of a date.
export const clock = (date) => date.toLocaleTimeString('en-GB');

export function bytes(n) {
	const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
	let unit = 0;
	for (; n >= 1024 && unit < units.length - 1; unit++) n /= 1024;
	return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}

export const plural = (n, thing) => (n === 1 ? `1 ${thing}` : `${n} ${thing}s`);

// few names the first of many.
export function few(names, most = 3) {
	if (names.length <= most + 1) return names.join(', ');
	return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

// shorten cuts text to a number of characters.
export function shorten(text, most) {
	const characters = [...text];
	return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

// date reads a time from the wire; null if there is none.
export function date(text) {
	const d = new Date(text ?? NaN);
	return Number.isNaN(d.getTime()) ? null : d;
}
