// All that is known of one node.

import {el, setText} from './dom.js';
import {bytes, clock, duration, plural} from './format.js';
import {of} from './links.js';
import {icon, states} from './states.js';

export class Details {
	// parts are the elements to fill.
	constructor(parts) {
		this.parts = parts;
		this.name = null;
		this.lines = new Map(); // dt and dd, by title
	}

	// show fills the panel with a node, and hides it when there is none of that name.
	show(name, {nodes, rows, now}) {
		const node = nodes.find((n) => n.name === name);
		this.parts.section.hidden = !node;
		if (!node) return;
		if (this.name !== name) this.clear();
		this.name = name;
		setText(this.parts.title, node.name);
		this.parts.forget.hidden = node.self;
		for (const [title, text] of describe(node, rows, now)) this.line(title, text);
		this.state(node.state);
	}

	clear() {
		this.lines.clear();
		this.parts.list.replaceChildren();
	}

	line(title, text) {
		if (!this.lines.has(title)) {
			const dd = el('dd');
			this.lines.set(title, dd);
			this.parts.list.append(el('div', {}, el('dt', {}, title), dd));
		}
		setText(this.lines.get(title), text);
	}

	state(state) {
		const dd = this.lines.get('State');
		if (!dd.querySelector('svg')) dd.prepend(icon(state));
	}
}

function describe(node, rows, now) {
	const {hears, heardBy} = of(node.name, rows);
	const meaning = states.find((state) => state.name === node.state)?.meaning;
	const common = [
		['State', meaning ? `${node.state}: ${meaning}` : node.state],
		['Why', node.why || '–'],
		['Since', moment(node.since, now)],
	];
	const ears = [
		['Hears', hears === null ? 'does not say' : names(hears)],
		['Heard by', names(heardBy)],
	];
	if (node.self) return [...common, ['Listeners', plural(node.listeners, 'connection')], ...ears, ['Started', moment(node.started, now)], ['Version', node.version || '–']];
	return [
		...common,
		['By the word of', node.via.length ? names(node.via) : 'nobody: own ears'],
		['Last heard', moment(node.lastHeard, now)],
		['Missed beats', String(node.missed)],
		['Penalty', node.penalty.toFixed(3)],
		['Next try', node.nextTry ? (node.nextTry > now ? `in ${duration(node.nextTry - now)}` : 'now') : 'none planned'],
		['Failed tries', `${node.failures} in a row${node.failure ? `: ${node.failure}` : ''}`],
		['Address', node.address || 'none yet'],
		['Version', node.program || 'does not say'],
		['Tags', node.tags || 'none'],
		['Received', `${bytes(node.received)} over the links that are up`],
		['Messages', node.via.length ? 'by relays: it is not heard here' : node.unlinked || (node.messagesLink ? 'link is up' : 'no link is up')],
		['Hears this node', node.hearsMe ? 'yes, its list says so' : node.via.length ? 'by relays' : 'not as far as its list says'],
		['Listed by', names(node.listedBy)],
		...ears,
		['Started', node.incarnation ? moment(new Date(node.incarnation), now) : 'does not say'],
		['Is', kinds(node)],
	];
}

const names = (all) => (all.length ? `${all.length}: ${all.join(', ')}` : 'nobody');

const moment = (date, now) => (date && !Number.isNaN(date.getTime()) ? `${duration(now - date)} ago, at ${clock(date)}` : 'never');

function kinds(node) {
	const all = [node.naive ? 'a naive node' : 'a hearsay node', node.seed && 'a seed', node.degraded && 'degraded, as it says itself'];
	return all.filter(Boolean).join(', ');
}
