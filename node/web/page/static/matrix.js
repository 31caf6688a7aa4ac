// Who hears whom as a table of points: a row is whom its node hears, as it says itself. For meshes too large for lines.

import {setText} from './dom.js';
import {compareNames} from './format.js';

export class Matrix {
	// parts are the elements to draw in and to explain.
	constructor({box, canvas, about}) {
		Object.assign(this, {box, canvas, about, names: [], hears: new Map()});
		box.addEventListener('toggle', () => this.draw());
		canvas.addEventListener('pointermove', (e) => this.point(e));
		canvas.addEventListener('pointerleave', () => setText(about, ''));
	}

	show({nodes, rows}) {
		this.names = nodes.map((node) => node.name).sort(compareNames);
		this.hears = new Map(rows.map((row) => [row.name, new Set(row.hears)]));
		this.draw();
	}

	// kind is what a point means: 'both', 'one-way', 'not', or 'unsaid'.
	kind(a, b) {
		if (a === b) return 'self';
		const own = this.hears.get(a), back = this.hears.get(b);
		if (!own) return 'unsaid';
		if (!own.has(b)) return back?.has(a) ? 'one-way' : 'not';
		return back && !back.has(a) ? 'one-way' : 'both';
	}

	draw() {
		if (!this.box.open) return;
		const n = this.names.length, size = Math.max(2, Math.min(14, Math.floor(this.canvas.parentElement.clientWidth / Math.max(1, n))));
		this.size = size;
		[this.canvas.width, this.canvas.height] = [n * size, n * size];
		const style = getComputedStyle(this.canvas), pen = this.canvas.getContext('2d');
		const colours = {both: '--alive', 'one-way': '--one-way', not: '--line', unsaid: '--quiet', self: '--panel'};
		for (const [kind, name] of Object.entries(colours)) {
			this.canvas.style.setProperty('accent-color', `var(${name})`);
			colours[kind] = style.accentColor;
		}
		const gap = size > 4 ? 1 : 0;
		this.names.forEach((a, y) => this.names.forEach((b, x) => {
			pen.fillStyle = colours[this.kind(a, b)];
			pen.fillRect(x * size, y * size, size - gap, size - gap);
		}));
	}

	point(e) {
		const at = (v) => this.names[Math.floor(v / this.size)];
		const [a, b] = [at(e.offsetY), at(e.offsetX)];
		if (!a || !b || a === b) return setText(this.about, '');
		const words = {
			both: `${a} hears ${b}`, not: `${a} does not hear ${b}`, unsaid: `${a} does not say whether it hears ${b}`,
			'one-way': this.hears.get(a).has(b) ? `${a} hears ${b}, and is not heard by it` : `${a} does not hear ${b}, which hears it`,
		};
		setText(this.about, words[this.kind(a, b)]);
	}
}
