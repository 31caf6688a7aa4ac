// Messages as they come, on one channel at a time, and a box to publish in. The stream is open while it is looked at.

import {Fault, message, publish} from './api.js';
import {el, setChildren, setText} from './dom.js';
import {clock} from './format.js';

const most = 200; // messages kept
const longest = 2000; // characters shown of one

export class Messages {
	// parts are the elements to fill and to listen to.
	constructor(parts) {
		this.parts = parts;
		this.channels = null;
		parts.box.addEventListener('toggle', () => this.turn());
		parts.channel.addEventListener('change', () => {
			parts.list.replaceChildren();
			this.turn();
		});
		parts.form.addEventListener('submit', (e) => {
			e.preventDefault();
			this.send();
		});
		document.addEventListener('visibilitychange', () => this.turn());
	}

	// show offers the channels that the node receives.
	show(channels) {
		if (this.channels === channels.join()) return;
		this.channels = channels.join();
		const chosen = this.parts.channel.value;
		setChildren(this.parts.channel, ['', ...channels].map((name) => el('option', {value: name}, name || 'plain messages')));
		this.parts.channel.value = chosen;
	}

	query() {
		const channel = this.parts.channel.value;
		return channel ? `?channel=${encodeURIComponent(channel)}` : '';
	}

	// turn opens the stream if it is looked at, and closes it else.
	turn() {
		this.source?.close();
		this.source = null;
		if (!this.parts.box.open || document.hidden) return;
		this.source = new EventSource(`v1/messages${this.query()}`);
		this.source.onopen = () => setText(this.parts.state, 'live');
		this.source.onerror = () => setText(this.parts.state, 'connecting');
		this.source.onmessage = ({data}) => this.take(message(data));
	}

	take(m) {
		if (m === null) return;
		const {list} = this.parts;
		if (m.lost > 0) list.prepend(el('li', {class: 'note'}, `${m.lost} messages were lost: this page was too slow`));
		if (m.missed > 0) {
			const on = m.channel === '' ? '' : ` on ${m.channel}`;
			list.prepend(el('li', {class: 'note'}, `${m.missed} ${m.missed === 1 ? 'message' : 'messages'} of ${m.from}${on} missed: nobody has them, or they were not read in time`));
		}
		list.prepend(el('li', {}, el('time', {}, clock(new Date())), el('b', {class: 'name'}, m.from), el('span', {class: 'body'}, m.body.slice(0, longest))));
		while (list.children.length > most) list.lastChild.remove();
	}

	async send() {
		const {text, error, send} = this.parts;
		if (text.value === '') return;
		send.disabled = true;
		try {
			await publish(text.value, this.query());
			text.value = '';
			error.hidden = true;
		} catch (why) {
			setText(error, why instanceof Fault ? why.message : 'the node does not answer');
			error.hidden = false;
		}
		send.disabled = false;
		text.focus();
	}
}
