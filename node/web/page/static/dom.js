// The few ways in which this page touches the document. What comes from the network becomes text, never markup.

const svgSpace = 'http://www.w3.org/2000/svg';

export const byId = (id) => document.getElementById(id);

// el makes an element. Children are elements or text; null is left out.
export function el(tag, attributes = {}, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

// svg makes an element of a drawing.
export function svg(tag, attributes = {}, ...children) {
	return fill(document.createElementNS(svgSpace, tag), attributes, children);
}

function fill(element, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
	element.append(...children.filter((child) => child !== null));
	return element;
}

// setText and setAttribute leave alone what is right already: the browser need not look at it again.
export function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
	if (value === null || value === undefined) element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// setChildren puts elements in this order, and moves only what is not in its place: focus stays where it is.
export function setChildren(parent, children) {
	const wanted = new Set(children);
	for (const child of [...parent.children]) {
		if (!wanted.has(child)) child.remove();
	}
	children.forEach((child, i) => {
		if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
	});
}
