// On every page: the theme switch, menus that close, times in the viewer's zone.

const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function shownTheme() {
  return root.dataset.theme ?? (prefersDark.matches ? "dark" : "light");
}

function startThemeSwitch() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  const mark = () => (root.dataset.shown = shownTheme());
  mark();
  prefersDark.addEventListener("change", mark);
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = shownTheme() === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    // A cookie, so that the server renders the next page right at once.
    document.cookie = `semma_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    mark();
  });
}

function startMenus() {
  for (const menu of document.querySelectorAll("details[data-menu]")) {
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
}

startThemeSwitch();
startMenus();
