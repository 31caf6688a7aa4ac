// The mesh as a drawing: a ring of nodes, and the links between them.

import {svg, setAttribute, setChildren, setText} from './dom.js';
import {few as names, plural, shorten} from './format.js';
import {label, ring} from './layout.js';
import {read} from './links.js';
import {known, mark, outline, rank} from './states.js';

const few = 48; // nodes of which all links are drawn: of more, they make a grey disc
const most = 160; // nodes drawn; a table serves better for more
const heights = [{to: 12, size: 'small'}, {to: 48, size: 'medium'}, {to: Infinity, size: 'large'}];

export class Graph {
	// choose(name) is called when a person picks a node.
	constructor(canvas, choose) {
		this.canvas = canvas;
		this.choose = choose;
		this.nodes = new Map(); // what is drawn of each, by name
		this.names = []; // in the order of the ring
		this.data = {nodes: [], rows: []};
		this.selected = this.current = this.pointed = null;
		this.paths = Object.fromEntries(['both', 'unsaid', 'hot', 'one-way', 'heads'].map((kind) => [kind, svg('path', {class: kind})]));
		this.group = svg('g', {role: 'presentation'});
		canvas.append(svg('g', {'aria-hidden': 'true'}, ...Object.values(this.paths)), this.group);
		canvas.addEventListener('keydown', (e) => this.key(e));
		new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
	}

	// show draws nodes and links, and returns what was left out, how many links are one-way, whether others are drawn, and how
	// many nodes are alive by the word of others.
	show(data) {
		this.data = data;
		this.draw();
		return {
			undrawn: data.nodes.length - this.names.length, oneWay: this.links.oneWay.length, unlined: this.names.length >= few,
			far: data.nodes.filter((node) => node.via.length).length,
		};
	}

	select(name) {
		this.selected = name;
		if (this.nodes.has(name)) this.current = name;
		this.draw();
	}

	focus(name) {
		this.nodes.get(name)?.group.focus();
	}

	draw() {
		const drawn = worthwhile(this.data.nodes, this.selected);
		const box = this.canvas.parentElement;
		setAttribute(box, 'data-size', heights.find(({to}) => drawn.length <= to).size);
		const [width, height] = [box.clientWidth, box.clientHeight];
		setAttribute(this.canvas, 'viewBox', `0 0 ${width} ${height}`);
		this.layout = ring(drawn.map((node) => node.name), width, height);
		this.names = this.layout.sorted;
		this.links = read(this.data.rows, this.layout.places);
		if (!this.layout.places.has(this.current)) this.current = drawn.find((node) => node.self)?.name ?? null;
		this.drawNodes(drawn);
		this.drawLinks();
	}

	drawNodes(drawn) {
		const lostFocus = this.group.contains(document.activeElement);
		const byName = new Map(drawn.map((node) => [node.name, node]));
		for (const name of this.nodes.keys()) {
			if (!byName.has(name)) this.nodes.delete(name);
		}
		setChildren(this.group, this.names.map((name) => this.drawNode(byName.get(name))));
		if (lostFocus && !this.group.contains(document.activeElement)) this.focus(this.current);
		setAttribute(this.canvas, 'data-labels', this.layout.labels);
	}

	drawNode(node) {
		const parts = this.nodes.get(node.name) ?? this.make(node.name);
		const {x, y, angle} = this.layout.places.get(node.name);
		const size = this.layout.size * (known(node.state) === 'alive' ? 1 : 1.25);
		const at = label(this.layout.labels, angle, size);
		setAttribute(parts.group, 'transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
		setAttribute(parts.group, 'data-state', known(node.state));
		setAttribute(parts.group, 'aria-label', describe(node));
		setAttribute(parts.group, 'data-self', node.self ? '' : null);
		setAttribute(parts.group, 'data-far', node.via.length ? '' : null);
		setAttribute(parts.group, 'data-ails', ails(node) ? '' : null);
		setAttribute(parts.group, 'aria-selected', node.name === this.selected);
		setAttribute(parts.group, 'tabindex', node.name === this.current ? 0 : -1);
		setAttribute(parts.target, 'r', Math.max(size + 3, 7));
		setAttribute(parts.halo, 'r', size * 1.3 + 4);
		setAttribute(parts.own, 'r', node.self ? size + 3.5 : 0);
		setAttribute(parts.outline, 'd', outline(node.state, size));
		setAttribute(parts.mark, 'd', mark(node.state, size));
		setAttribute(parts.label, 'text-anchor', at.anchor);
		setAttribute(parts.label, 'x', at.x);
		setAttribute(parts.label, 'y', at.y);
		setAttribute(parts.label, 'transform', at.turn ? `rotate(${at.turn.toFixed(1)})` : null);
		setText(parts.label, shorten(node.name, Math.max(this.layout.letters, 5)));
		setText(parts.tip, describe(node));
		return parts.group;
	}

	make(name) {
		const parts = {
			tip: svg('title'), target: svg('circle', {class: 'target'}), halo: svg('circle', {class: 'halo'}),
			own: svg('circle', {class: 'own'}), outline: svg('path', {class: 'outline'}), mark: svg('path', {class: 'mark'}),
			label: svg('text', {'dominant-baseline': 'central'}),
		};
		parts.group = svg('g', {class: 'node', role: 'option'}, ...Object.values(parts));
		parts.group.dataset.name = name;
		parts.group.addEventListener('click', () => this.choose(name));
		parts.group.addEventListener('focus', () => this.point(name));
		parts.group.addEventListener('blur', () => this.point(null));
		parts.group.addEventListener('pointerenter', () => this.point(name));
		parts.group.addEventListener('pointerleave', () => this.point(null));
		this.nodes.set(name, parts);
		return parts;
	}

	// point brings out the links of one node.
	point(name) {
		this.pointed = name;
		this.drawLinks();
	}

	drawLinks() {
		const {both, oneWay, unsaid} = this.links;
		const {places, size} = this.layout;
		const line = ({listener, speaker}) => {
			const [a, b] = [places.get(speaker), places.get(listener)];
			return `M${a.x.toFixed(1)} ${a.y.toFixed(1)}L${b.x.toFixed(1)} ${b.y.toFixed(1)}`;
		};
		const hot = this.pointed ?? this.selected;
		const touches = ({listener, speaker}) => listener === hot || speaker === hot;
		const arrows = oneWay.map(({listener, speaker}) => arrow(places.get(speaker), places.get(listener), size));
		const all = this.names.length < few ? both : [];
		setAttribute(this.paths.both, 'd', all.map(line).join(''));
		setAttribute(this.paths.unsaid, 'd', (this.names.length < few ? unsaid : []).map(line).join(''));
		setAttribute(this.paths.hot, 'd', [...both, ...unsaid].filter(touches).map(line).join(''));
		setAttribute(this.paths['one-way'], 'd', arrows.map(({shaft}) => shaft).join(''));
		setAttribute(this.paths.heads, 'd', arrows.map(({head}) => head).join(''));
		setAttribute(this.canvas, 'data-crowd', all.length > 600 ? 'dense' : all.length > 150 ? 'full' : null);
	}

	key(e) {
		const i = this.names.indexOf(this.current);
		const next = {
			ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: this.names.length - 1,
		}[e.key];
		if (e.ctrlKey || e.altKey || e.metaKey || i < 0) return;
		if (next !== undefined) this.move(this.names.at(next % this.names.length));
		else if (e.key === 'Enter' || e.key === ' ') this.choose(this.current);
		else return;
		e.preventDefault();
	}

	move(name) {
		setAttribute(this.nodes.get(this.current).group, 'tabindex', -1);
		setAttribute(this.nodes.get(name).group, 'tabindex', 0);
		this.current = name;
		this.focus(name);
	}
}

// worthwhile are the nodes to draw: all, or as many as there is room for: those with something wrong, which take half of it
// at most, then members, then the rest. The one that is chosen is among them.
function worthwhile(nodes, chosen) {
	if (nodes.length <= most) return nodes;
	const own = (node) => node.self || node.name === chosen;
	const sorted = [...nodes].sort((a, b) => own(b) - own(a) || rank(a.state) - rank(b.state));
	const wrong = sorted.filter((node) => own(node) || ails(node)).slice(0, most / 2), picked = new Set(wrong);
	return [...wrong, ...sorted.filter((node) => !picked.has(node))].slice(0, most);
}

const ails = (node) => !node.self && (['suspect', 'detached', 'probation', 'quarantined'].includes(node.state) ||
	node.state === 'alive' && (node.conflict !== '' || node.unlinked !== '' || node.clockOff !== ''));

// arrow points from who speaks to who hears, and ends short of both.
function arrow(from, to, size) {
	const [dx, dy] = [to.x - from.x, to.y - from.y];
	const length = Math.hypot(dx, dy) || 1;
	const [ux, uy] = [dx / length, dy / length];
	const at = (along, aside) => `${(from.x + ux * along - uy * aside).toFixed(1)} ${(from.y + uy * along + ux * aside).toFixed(1)}`;
	const tip = length - 1.5 * size - 3, wide = Math.min(5, size / 3 + 2.5), long = 2.2 * wide;
	return {
		shaft: `M${at(size + 2, 0)}L${at(tip - long, 0)}`,
		head: `M${at(tip, 0)}L${at(tip - long, wide)}L${at(tip - long, -wide)}Z`,
	};
}

// describe says in words what the drawing shows.
function describe(node) {
	if (node.self) return `${node.name}, this node, ${node.state}${node.degraded ? ', degraded' : ''}`;
	return `${node.name}, ${node.state}${node.via.length ? ` via ${names(node.via, 2)}` : ''}, listed by ${plural(node.listedBy.length, 'peer')}`;
}
