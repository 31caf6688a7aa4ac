// Where nodes stand: on a ring, in the order of their names, from the top. The same names stand at the same
// places on every node's page and after every reload, and a change of state moves nothing.

import {compareNames} from './format.js';

const letter = {upright: 7.6, outward: 6.8}; // px that a letter of a label is wide, about
const most = 22; // letters of a label
const beside = 8; // px between a node and its label

// ring places names in a box. Labels stand upright where there is room between nodes, else they point away from
// the middle, and where not even that fits only those of nodes show that ail, of this node, and of one that is
// pointed at.
export function ring(names, width, height) {
	const sorted = [...names].sort(compareNames);
	const letters = Math.min(longest(sorted), most, Math.floor(width * 0.22 / letter.upright));
	const ways = [
		{labels: 'upright', radius: Math.min(width / 2 - letters * letter.upright - 34, height / 2 - 50), pitch: 46},
		{labels: 'outward', radius: Math.min(width, height) / 2 - letters * letter.outward - 28, pitch: 10.5},
		{labels: 'hidden', radius: Math.min(width, height) / 2 - 20, pitch: 0},
	];
	const fits = ({radius, pitch}) => 2 * Math.PI * radius / sorted.length >= pitch;
	const {labels, radius} = ways.find(fits) ?? ways.at(-1);
	const size = Math.max(3, Math.min(14, 2 * Math.PI * radius / sorted.length * 0.33));
	const places = new Map(sorted.map((name, i) => {
		const angle = 2 * Math.PI * i / sorted.length - Math.PI / 2;
		const [x, y] = [width / 2 + radius * Math.cos(angle), height / 2 + radius * Math.sin(angle)];
		return [name, {x, y, angle}];
	}));
	return {places, labels, letters, size, sorted};
}

const longest = (names) => names.reduce((most, name) => Math.max(most, [...name].length), 0);

// label says where the text of a node at an angle starts, relative to the node.
export function label(way, angle, size) {
	const gap = size * 1.3 + beside;
	const right = Math.cos(angle) >= -1e-9;
	const turn = angle * 180 / Math.PI + (right ? 0 : 180);
	switch (way) {
	case 'outward':
		return {x: right ? gap : -gap, y: 0, anchor: right ? 'start' : 'end', turn};
	case 'hidden': // inward: there is room for some over the links, side by side
		return {x: right ? -gap : gap, y: 0, anchor: right ? 'end' : 'start', turn};
	}
	if (Math.abs(Math.cos(angle)) < 0.3) {
		return {x: 0, y: Math.sign(Math.sin(angle)) * (gap + 5), anchor: 'middle', turn: 0};
	}
	return {x: right ? gap : -gap, y: 0, anchor: right ? 'start' : 'end', turn: 0};
}
