// Light or dark: as the system says, until the person chooses. It runs before the first paint.
'use strict';
{
	const themes = ['auto', 'light', 'dark'];
	const key = 'hearsay-theme';

	// A browser may keep nothing for this page, and says so by an exception.
	const remembered = () => {
		try {
			return localStorage.getItem(key);
		} catch {
			return null;
		}
	};
	const remember = (theme) => {
		try {
			localStorage.setItem(key, theme);
		} catch {
			// It holds until the page is left.
		}
	};

	let theme = themes.includes(remembered()) ? remembered() : 'auto';
	const apply = () => { document.documentElement.dataset.theme = theme; };
	apply();

	document.addEventListener('DOMContentLoaded', () => {
		const button = document.getElementById('theme');
		const label = () => { button.textContent = `Theme: ${theme}`; };
		label();
		button.addEventListener('click', () => {
			theme = themes[(themes.indexOf(theme) + 1) % themes.length];
			remember(theme);
			apply();
			label();
		});
	});
}
