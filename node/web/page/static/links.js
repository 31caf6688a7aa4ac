// Who hears whom, from the lists of those who say it.

// read sorts the links between drawn nodes into three kinds: both hear each other; one hears another that says
// it does not hear back; one hears another that does not say whom it hears.
export function read(rows, drawn) {
	const hears = new Map(rows.map((row) => [row.name, new Set(row.hears)]));
	const links = {both: [], oneWay: [], unsaid: []};
	for (const [listener, heard] of hears) {
		if (!drawn.has(listener)) continue;
		for (const speaker of heard) {
			if (speaker === listener || !drawn.has(speaker)) continue;
			const back = hears.get(speaker);
			if (!back) links.unsaid.push({listener, speaker});
			else if (!back.has(listener)) links.oneWay.push({listener, speaker});
			else if (listener < speaker) links.both.push({listener, speaker});
		}
	}
	return links;
}

// of returns what the lists say of one node: whom it hears, null if it does not say, and who hears it.
export function of(name, rows) {
	const own = rows.find((row) => row.name === name);
	return {
		hears: own ? own.hears : null,
		heardBy: rows.filter((row) => row.hears.includes(name)).map((row) => row.name),
	};
}
