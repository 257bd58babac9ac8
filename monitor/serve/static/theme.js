// The theme of the page and of the frames in it: light, dark, or what the system says.

function theme(next) {
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  for (const frame of document.querySelectorAll("iframe")) themeFrame(frame);
}

/** Give a frame the theme that was chosen. */
export function themeFrame(frame) {
  const root = frame.contentDocument?.documentElement;
  if (!root) return;
  const chosen = document.documentElement.dataset.theme ?? "";
  root.style.setProperty("color-scheme", chosen || "light dark");
  if (chosen) root.dataset.theme = chosen;
  else delete root.dataset.theme;
}

/** Change between light and dark, and keep the choice for the next visit. */
export function toggleTheme() {
  const dark = getComputedStyle(document.documentElement).colorScheme.trim();
  const now = document.documentElement.dataset.theme
    ?? (dark === "dark" || matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  localStorage.setItem("monitor-theme", next);
  theme(next);
}

/** Take the theme that was chosen on an earlier visit. */
export function keptTheme() {
  const kept = localStorage.getItem("monitor-theme");
  if (kept === "light" || kept === "dark") theme(kept);
}
