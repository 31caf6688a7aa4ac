// The member table: one row for each node, sorted by any column, filtered by name and state.

import {el, setAttribute, setChildren, setText} from './dom.js';
import {compareNames, duration, few, plural, shorten} from './format.js';
import {icon, known, rank, states} from './states.js';

const ago = (date, now) => (date ? `${duration(now - date)} ago` : '–');
const until = (date, now) => (date ? (date > now ? `in ${duration(date - now)}` : 'now') : '–');
const byDate = (field) => (a, b) => (a[field] ?? Infinity) - (b[field] ?? Infinity) || 0;
const peersOnly = (f) => (node, now) => (node.self ? '–' : f(node, now));

const columns = [
	{id: 'name', title: 'Name', compare: () => 0},
	{id: 'state', title: 'State', compare: (a, b) => rank(a.state) - rank(b.state)},
	{id: 'since', title: 'Since', text: (n, now) => ago(n.since, now), compare: byDate('since')},
	{id: 'heard', title: 'Last heard', text: peersOnly((n, now) => ago(n.lastHeard, now)), compare: byDate('lastHeard')},
	{id: 'missed', title: 'Missed', text: peersOnly((n) => String(n.missed)), compare: (a, b) => b.missed - a.missed},
	{id: 'penalty', title: 'Penalty', text: peersOnly((n) => n.penalty.toFixed(2)), compare: (a, b) => b.penalty - a.penalty},
	{id: 'next', title: 'Next try', text: peersOnly((n, now) => until(n.nextTry, now)), compare: byDate('nextTry')},
	{id: 'listed', title: 'Listed by', text: peersOnly((n) => listers(n.listedBy)), compare: (a, b) => b.listedBy.length - a.listedBy.length},
	{id: 'version', title: 'Version', text: (n) => n.program || '–', compare: (a, b) => compareNames(a.program, b.program)},
	{id: 'address', title: 'Address', text: peersOnly((n) => n.address || '–'), compare: (a, b) => compareNames(a.address, b.address)},
	{id: 'why', title: 'Why', text: (n) => n.why || '–', compare: (a, b) => compareNames(a.why, b.why)},
];

const listers = (names) => (names.length ? `${names.length}: ${few(names, 2)}` : 'nobody');

export class Table {
	// parts are the elements to fill; choose(name) is called when a person picks a row.
	constructor(parts, choose) {
		this.parts = parts;
		this.choose = choose;
		this.rows = new Map(); // elements of each node, by name
		this.nodes = [];
		this.now = Date.now();
		this.sort = {column: columns[0], down: false};
		this.states = new Set(); // those shown; none: all
		this.selected = null;
		parts.columns.append(...columns.map((column) => this.head(column)));
		this.chips = new Map(states.map((state) => [state.name, this.chip(state)]));
		parts.states.append(...this.chips.values());
		parts.filter.addEventListener('input', () => this.draw());
	}

	show(nodes, now) {
		this.nodes = nodes;
		this.now = now;
		this.draw();
	}

	select(name) {
		this.selected = name;
		this.draw();
	}

	focus(name) {
		this.rows.get(name)?.name.focus();
	}

	head(column) {
		const button = el('button', {type: 'button'}, column.title);
		button.addEventListener('click', () => {
			this.sort = {column, down: this.sort.column === column && !this.sort.down};
			this.draw();
		});
		return el('th', {scope: 'col', role: 'columnheader', 'data-column': column.id}, button);
	}

	// chip shows how many nodes are in a state, and hides the others when it is pressed.
	chip({name, meaning}) {
		const chip = el('button', {type: 'button', class: 'chip', title: `${name}: ${meaning}`, 'aria-pressed': 'false', 'data-state': name},
			icon(name), el('b', {}, '–'), ` ${name}`);
		chip.addEventListener('click', () => {
			if (!this.states.delete(name)) this.states.add(name);
			setAttribute(chip, 'aria-pressed', this.states.has(name));
			this.draw();
		});
		return chip;
	}

	draw() {
		const wanted = this.parts.filter.value.trim().toLowerCase();
		const shown = this.nodes.filter((node) => node.name.toLowerCase().includes(wanted) && (!this.states.size || this.states.has(known(node.state))));
		const {column, down} = this.sort;
		const turn = down ? -1 : 1;
		shown.sort((a, b) => turn * (column.compare(a, b) || compareNames(a.name, b.name)));
		const names = new Set(this.nodes.map((node) => node.name));
		for (const name of this.rows.keys()) {
			if (!names.has(name)) this.rows.delete(name);
		}
		setChildren(this.parts.rows, shown.map((node) => this.drawRow(node)));
		for (const head of this.parts.columns.children) {
			setAttribute(head, 'aria-sort', head.dataset.column === column.id ? (down ? 'descending' : 'ascending') : null);
		}
		for (const [state, chip] of this.chips) {
			const count = this.nodes.filter((node) => known(node.state) === state).length;
			setText(chip.querySelector('b'), String(count));
			chip.classList.toggle('none', count === 0);
		}
		setText(this.parts.shown, shown.length === this.nodes.length ? plural(shown.length, 'node') : `${shown.length} of ${plural(this.nodes.length, 'node')}`);
	}

	drawRow(node) {
		const row = this.rows.get(node.name) ?? this.make(node.name);
		setText(row.tags, tags(node));
		if (row.state.dataset.state !== node.state) {
			row.state.dataset.state = node.state;
			row.state.replaceChildren(icon(node.state), shorten(node.state, 20));
		}
		columns.forEach((column, i) => {
			if (!column.text) return;
			const cell = row.line.children[i], text = column.text(node, this.now);
			setText(cell, text);
			setAttribute(cell, 'title', column.id === 'listed' && node.listedBy.length > 2 ? node.listedBy.join(', ') : null);
		});
		row.line.classList.toggle('selected', node.name === this.selected);
		return row.line;
	}

	make(name) {
		const row = {name: el('button', {type: 'button', class: 'name'}, name), tags: el('span', {class: 'tags'}), state: el('span', {class: 'state'})};
		row.line = el('tr', {role: 'row'}, ...columns.map((column) => el('td', {role: 'cell', 'data-column': column.id, 'data-title': column.title})));
		row.line.dataset.name = name;
		row.line.children[0].append(row.name, row.tags);
		row.line.children[1].append(row.state);
		row.line.addEventListener('click', () => this.choose(name));
		this.rows.set(name, row);
		return row;
	}
}

function tags(node) {
	const all = [['this node', node.self], ['seed', node.seed], ['naive', node.naive], ['degraded', node.degraded]];
	return [...all.filter(([, is]) => is).map(([tag]) => tag), ...(node.via.length ? [`via ${few(node.via, 2)}`] : [])].join(', ');
}
