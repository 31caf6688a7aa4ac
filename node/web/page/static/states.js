// The states of a node, and how each looks. A state is told by its colour, by its shape, and by its word.

import {svg} from './dom.js';

export const states = [
	{name: 'alive', meaning: 'heard, and listed: a member; or heard by members that this node hears'},
	{name: 'suspect', meaning: 'silent; a member still, but no longer listed'},
	{name: 'detached', meaning: 'silent to this node, heard by others'},
	{name: 'probation', meaning: 'heard again, and proving itself'},
	{name: 'quarantined', meaning: 'evicted; probed now and then'},
	{name: 'left', meaning: 'said goodbye'},
	{name: 'candidate', meaning: 'named by somebody, never heard'},
];

const ranks = new Map(states.map((state, i) => [state.name, i]));

// known is a state as the style sheet knows it: what this page has not heard of looks like a candidate.
export const known = (state) => (state === 'leaving' ? 'left' : ranks.has(state) ? state : 'candidate');

export const rank = (state) => ranks.get(known(state));

const polygon = (corners, turn, scale) => (r) => {
	const points = [];
	for (let i = 0; i < corners; i++) {
		const a = (turn + i / corners) * 2 * Math.PI;
		points.push(`${(r * scale * Math.sin(a)).toFixed(2)} ${(-r * scale * Math.cos(a)).toFixed(2)}`);
	}
	return `M${points.join('L')}Z`;
};
const circle = (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;

// outlines have about the same area; marks are strokes inside them.
const outlines = {
	alive: circle,
	suspect: polygon(3, 0, 1.35),
	detached: polygon(4, 0, 1.25),
	probation: polygon(6, 0, 1.1),
	quarantined: polygon(4, 1 / 8, 1.25),
	left: circle,
	candidate: circle,
};
const marks = {
	alive: () => '',
	suspect: (r) => `M0 ${-0.55 * r}V${0.15 * r}M0 ${0.42 * r}V${0.5 * r}`,
	detached: (r) => `M${-0.6 * r} 0H${-0.2 * r}M${0.2 * r} 0H${0.6 * r}`,
	probation: (r) => `M0 ${-0.5 * r}V0H${0.4 * r}`,
	quarantined: (r) => `M${-0.4 * r} ${-0.4 * r}L${0.4 * r} ${0.4 * r}M${-0.4 * r} ${0.4 * r}L${0.4 * r} ${-0.4 * r}`,
	left: (r) => `M${-0.5 * r} 0H${0.5 * r}`,
	candidate: () => '',
};

export const outline = (state, r) => outlines[known(state)](r);
export const mark = (state, r) => marks[known(state)](r);

// icon is a small drawing of a state, for text beside which the word stands.
export function icon(state) {
	return svg('svg', {class: 'icon', viewBox: '-10 -10 20 20', 'aria-hidden': 'true', 'data-state': known(state)},
		svg('path', {class: 'outline', d: outline(state, 7)}),
		svg('path', {class: 'mark', d: mark(state, 7)}));
}
