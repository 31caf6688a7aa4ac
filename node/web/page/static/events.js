// The list of what happened, newest first.

import {el} from './dom.js';
import {clock} from './format.js';
import {icon} from './states.js';

const most = 256; // entries kept, as many as the node keeps
const pause = 800; // ms in which changes are gathered before they are said aloud

export class Events {
	// parts are the elements to fill; choose(name) is called when a person picks an event's peer.
	constructor(parts, choose) {
		this.parts = parts;
		this.choose = choose;
		this.unsaid = [];
	}

	happened(e) {
		const peer = el('button', {type: 'button', class: 'name'}, e.peer);
		peer.addEventListener('click', () => this.choose(e.peer));
		const change = e.from === e.to ? e.kind : e.from === 'unknown' ? e.to : `${e.from} → ${e.to}`;
		this.add(el('li', {'data-kind': e.kind},
			el('time', {datetime: e.at.toISOString(), title: e.at.toLocaleString()}, clock(e.at)),
			icon(e.to), el('p', {}, peer, ' ', el('b', {}, change), e.why ? ': ' : '', el('span', {class: 'why'}, e.why))));
	}

	// note says something about the list itself.
	note(text) {
		this.add(el('li', {class: 'note'}, el('p', {}, text)));
	}

	add(item) {
		this.parts.none.hidden = true;
		this.parts.list.prepend(item);
		while (this.parts.list.children.length > most) this.parts.list.lastElementChild.remove();
	}

	// say tells those who listen to the page, a few words for however many changes come together.
	say(e) {
		this.unsaid.push(`${e.peer} is ${e.to}`);
		if (this.unsaid.length > 1) return;
		setTimeout(() => {
			const [rest, last] = [this.unsaid.length - 1, this.unsaid.at(-1)];
			this.parts.news.textContent = rest ? `${last}, and ${rest} more changes` : last;
			this.unsaid = [];
		}, pause);
	}
}
