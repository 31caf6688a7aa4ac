// The page: it reads the node again and again, and at once when something happened, and shows what it read.

import {Fault, load} from './api.js';
import {Details} from './details.js';
import {byId, setAttribute, setText} from './dom.js';
import {Events} from './events.js';
import {prepare} from './forget.js';
import {clock, duration} from './format.js';
import {Graph} from './graph.js';
import {Matrix} from './matrix.js';
import {Messages} from './messages.js';
import {Stream} from './stream.js';
import {Table} from './table.js';

const gather = 120; // ms in which events are gathered before the node is read again
const opened = Date.now();

let data = null; // what was read last
let readAt = null; // when, on this clock
let selected = null; // name of the node in the details
let opener = null; // where focus goes when they close

const graph = new Graph(byId('graph'), (name) => select(name, graph));
const table = new Table({columns: byId('columns'), rows: byId('rows'), states: byId('states'), filter: byId('filter'), shown: byId('shown')},
	(name) => select(name, table));
const details = new Details({section: byId('details'), title: byId('details-title'), list: byId('details-list'), forget: byId('forget-open')});
const events = new Events({list: byId('events'), none: byId('no-events'), news: byId('news')}, (name) => select(name, graph));
const matrix = new Matrix({box: byId('matrix-box'), canvas: byId('matrix'), about: byId('matrix-about')});
const messages = new Messages({
	box: byId('messages-box'), channel: byId('channel'), form: byId('publish'), text: byId('publish-text'), send: byId('publish-send'),
	error: byId('publish-error'), state: byId('messages-state'), list: byId('messages'),
});
const askToForget = prepare(
	{dialog: byId('forget'), name: byId('forget-name'), error: byId('forget-error'), yes: byId('forget-yes'), no: byId('forget-no')},
	() => { deselect(); soon(); });

// now is the node's time, which its times are compared with.
const now = () => Date.now() + (data?.ahead ?? 0);

function select(name, from) {
	if (!data?.nodes.some((node) => node.name === name)) return;
	[selected, opener] = [name, from];
	showSelected();
	byId('details-title').focus({preventScroll: true});
	byId('details').scrollIntoView({block: 'nearest'});
}

function deselect() {
	const name = selected;
	selected = null;
	showSelected();
	opener?.focus(name);
}

function showSelected() {
	graph.select(selected);
	table.select(selected);
	details.show(selected, {...data, now: now()});
}

function show() {
	const {self, nodes, rows} = data;
	document.title = `${self.name} · hearsay`;
	setText(byId('self'), self.name);
	setText(byId('ready'), self.state === 'leaving' ? 'leaving' : self.ready ? 'ready' : 'not ready');
	setAttribute(byId('ready'), 'class', self.ready ? 'badge good' : 'badge bad');
	setAttribute(byId('ready'), 'title', self.readyReason);
	byId('degraded').hidden = !self.degraded;
	byId('warning').hidden = sound(self);
	setText(byId('warning'), self.readyReason);
	const {undrawn, oneWay, unlined, far} = graph.show({nodes, rows});
	byId('unlined').hidden = !unlined;
	matrix.show({nodes, rows});
	messages.show(data.channels);
	setText(byId('one-way-count'), String(oneWay));
	byId('far').hidden = far === 0;
	setText(byId('far-count'), String(far));
	byId('undrawn').hidden = undrawn === 0;
	setText(byId('undrawn'), `${undrawn} of ${nodes.length} nodes are not drawn: the table has them.`);
	if (selected !== null && !nodes.some((node) => node.name === selected)) selected = null;
	tick();
}

// tick shows what changes with time alone.
function tick() {
	if (!data) return;
	const {self, nodes} = data;
	const alive = nodes.filter((node) => node.state === 'alive' && !node.self && !node.via?.length).length;
	setText(byId('facts'), `hears ${alive} · up ${duration(now() - (self.started ?? now()))} · ${self.version === 'unknown' ? 'version unknown' : self.version}`);
	table.show(nodes, now());
	details.show(selected, {...data, now: now()});
}

// sound reports whether there is nothing to say of a node but that it hears others.
const sound = (self) => self.ready && /^it hears [1-9]\d* peers?$/.test(self.readyReason);

// lost says that what is shown is of the past, and why.
function lost(why) {
	document.body.classList.toggle('lost', why !== null);
	byId('lost').hidden = why === null;
	if (why === null) return;
	setText(byId('ready'), 'no connection');
	setAttribute(byId('ready'), 'class', 'badge bad');
	byId('degraded').hidden = true;
	const past = readAt ? `What is shown was true at ${clock(readAt)}.` : 'Nothing was read from it yet.';
	setText(byId('lost'), `No connection to ${data?.self.name ?? 'the node'} (${why}). ${past} It is tried again.`);
}

// A hidden page asks for nothing; a visible one reads, waits, and reads again, sooner if told to.
let wake = () => {};
let dueSoon = null;

function soon() {
	dueSoon ??= setTimeout(() => { dueSoon = null; wake(); }, gather);
}

const rest = (ms) => new Promise((resolve) => {
	const timer = document.hidden ? null : setTimeout(resolve, ms);
	wake = () => { clearTimeout(timer); resolve(); };
});

async function follow() {
	for (let failures = 0; ;) {
		try {
			data = await load();
			[readAt, failures] = [new Date(), 0];
			lost(null);
			show();
		} catch (why) {
			failures++;
			lost(why instanceof Fault ? why.message : 'it does not answer');
		}
		const size = data?.nodes.length ?? 0;
		await rest(failures ? Math.min(500 * 2 ** failures, 5000) : size <= 32 ? 1000 : size <= 128 ? 2000 : 5000);
	}
}

const stream = new Stream({
	happened(e) {
		events.happened(e);
		if (data && e.at > opened + data.ahead) events.say(e);
		soon();
	},
	missed: (count, first) => events.note(first ? `${count} earlier events are no longer kept` : `${count} events were missed`),
	anew: () => events.note('The node was started anew'),
	connected: (yes) => {
		setText(byId('stream'), yes ? 'live' : 'connecting again');
		soon();
	},
});

document.addEventListener('visibilitychange', () => {
	if (document.hidden) return stream.close();
	stream.open();
	wake();
});
document.addEventListener('keydown', (e) => {
	if (e.key === 'Escape' && selected !== null && !byId('forget').open) deselect();
});
byId('details-close').addEventListener('click', deselect);
byId('forget-open').addEventListener('click', () => askToForget(selected));

setInterval(tick, 1000);
if (!document.hidden) stream.open();
follow();
