// What the node serves, checked for shape: whatever comes, the rest of the page gets the fields that it expects.

import {date} from './format.js';

const patience = 8000; // ms for one answer: the server gives up after 2 s, or says so

const text = (v) => (typeof v === 'string' ? v : '');
const number = (v) => (Number.isFinite(v) ? v : 0);
const list = (v) => (Array.isArray(v) ? v : []);
const names = (v) => list(v).filter((name) => typeof name === 'string');

// Fault is an answer that is not what was asked for, in the server's words.
export class Fault extends Error {}

async function ask(path, options = {}) {
	const answer = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(patience), ...options});
	if (answer.ok) return answer.json();
	const body = await answer.json().catch(() => ({}));
	const why = text(body.error) || `HTTP status ${answer.status}`;
	throw new Fault(text(body.hint) ? `${why}: ${text(body.hint)}` : why);
}

// load reads all that the page shows, and how far the node's clock is ahead of this one, in ms.
export async function load() {
	const [members, links, status] = await Promise.all(['v1/members', 'v1/links', 'v1/status'].map((path) => ask(path)));
	const self = ourselves(members.self ?? {}, status);
	const now = number(date(status.started)?.getTime()) + number(status.uptime_seconds) * 1000;
	return {
		self,
		nodes: [self, ...list(members.members).filter((m) => m && typeof m === 'object').map(peer)],
		rows: list(links.nodes).map((row) => ({name: text(row?.name), hears: names(row?.hears)})),
		channels: names(status.channels),
		ahead: now - Date.now(),
	};
}

// ourselves is the node that was asked, as one of the nodes.
function ourselves(self, status) {
	return {
		...peer({...self, why: self.ready_reason}),
		self: true,
		ready: self.ready === true,
		readyReason: text(self.ready_reason),
		started: date(self.since),
		version: text(status.version),
		listeners: number(status.listeners),
	};
}

function peer(m) {
	return {
		self: false,
		name: text(m.name),
		state: text(m.state),
		since: date(m.since),
		why: [m.why, m.conflict, !text(m.why).endsWith(text(m.failure)) && m.failure, m.one_way && `one-way: ${text(m.one_way)}`, m.stale, m.clock_off, m.restarts, m.unlinked && `unlinked: ${text(m.unlinked)}`].map(text).filter(Boolean).join('; '),
		lastHeard: date(m.last_heard),
		missed: number(m.missed_beats),
		penalty: number(m.penalty),
		incarnation: number(m.incarnation),
		listedBy: names(m.listed_by),
		address: text(m.address),
		program: text(m.program).replace(/^hearsay /, ''),
		tags: text(m.tags),
		conflict: text(m.conflict),
		clockOff: text(m.clock_off),
		failure: text(m.failure),
		nextTry: date(m.next_try),
		failures: number(m.failures),
		via: names(m.via),
		hearsMe: m.hears_me === true,
		seed: m.seed === true,
		naive: m.naive === true,
		degraded: m.degraded === true,
		unlinked: text(m.unlinked),
		messagesLink: m.messages_link === true,
		received: number(m.received_bytes),
	};
}

// forget makes the node drop a peer. It throws a Fault when the node refuses.
export const forget = (name) => ask(`v1/members/${encodeURIComponent(name)}/forget`, {method: 'POST'});

// publish says a text to the mesh. It throws a Fault when the node refuses.
export const publish = (body, query) => ask(`v1/messages${query}`, {method: 'POST', body});

// message reads one of the stream of messages; null if it is none. A body that is no text is shown by its length.
export function message(data) {
	try {
		const m = JSON.parse(data);
		const body = typeof m.body === 'string' ? m.body : `(${Math.floor(text(m.body_base64).length * 3 / 4)} bytes that are no text)`;
		return {from: text(m.from), channel: text(m.channel), body, lost: number(m.lost), missed: number(m.missed)};
	} catch {
		return null;
	}
}

export function event(data) {
	return {
		at: date(data.at) ?? new Date(0),
		kind: text(data.kind),
		peer: text(data.peer),
		from: text(data.from),
		to: text(data.to),
		why: text(data.why),
	};
}
