// What every page needs: the theme that this browser was set to.
(() => {
  const apply = () => {
    document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
  };
  const isDark = () => {
    const theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  window.nextTheme = () => {
    localStorage.setItem("theme", isDark() ? "light" : "dark");
    apply();
  };
  apply();
})();
