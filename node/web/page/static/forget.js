// Dropping a peer, after a second thought.

import {forget} from './api.js';
import {setText} from './dom.js';

// ask opens the dialog for a peer. done is called when the node has forgotten it.
export function prepare(parts, done) {
	let name = null;

	parts.no.addEventListener('click', () => parts.dialog.close());
	parts.yes.addEventListener('click', async () => {
		parts.yes.disabled = true;
		try {
			await forget(name);
			parts.dialog.close();
			done(name);
		} catch (fault) {
			setText(parts.error, `Not forgotten: ${fault.message}.`);
			parts.error.hidden = false;
		} finally {
			parts.yes.disabled = false;
		}
	});

	return function ask(peer) {
		name = peer;
		setText(parts.name, peer);
		parts.error.hidden = true;
		parts.dialog.showModal();
	};
}
