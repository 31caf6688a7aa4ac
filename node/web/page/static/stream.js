// The stream of events, opened again whenever it ends, from where it ended.

import {event} from './api.js';

const firstWait = 500, longestWait = 5000; // ms between tries

export class Stream {
	// on has the functions happened(event), missed(count, first), anew() and connected(yes).
	constructor(on) {
		this.on = on;
		this.newest = '0'; // id of the last event: LIFE-NUMBER, or 0 for all that are kept
		this.life = null;
		this.number = 0;
		this.wait = firstWait;
	}

	open() {
		this.close();
		this.source = new EventSource(`v1/events?after=${encodeURIComponent(this.newest)}`);
		this.source.onopen = () => {
			this.wait = firstWait;
			this.on.connected(true);
		};
		this.source.onmessage = (message) => this.take(message);
		this.source.onerror = () => this.again();
	}

	close() {
		clearTimeout(this.timer);
		this.source?.close();
	}

	again() {
		this.close();
		this.on.connected(false);
		this.timer = setTimeout(() => this.open(), this.wait);
		this.wait = Math.min(2 * this.wait, longestWait);
	}

	// take passes on an event that was not seen before, and says first what was lost before it.
	take(message) {
		const [life, number] = message.lastEventId.split('-');
		const data = parse(message.data);
		if (data === null || !(Number(number) > 0)) return;
		if (life !== this.life) {
			if (this.life !== null) this.on.anew();
			this.life = life;
			this.number = 0;
		}
		if (Number(number) <= this.number) return;
		const lost = Number(number) - this.number - 1;
		if (lost > 0) this.on.missed(lost, this.number === 0);
		this.newest = message.lastEventId;
		this.number = Number(number);
		this.on.happened(event(data));
	}
}

function parse(text) {
	try {
		const data = JSON.parse(text);
		return data && typeof data === 'object' ? data : null;
	} catch {
		return null;
	}
}
