/** Line colours that differ in lightness too; the dash says the same to people who see no colour. */
export const INK = {
  light: ['#2566af', '#b4540a', '#1d7a46', '#8a3ffc', '#b42318', '#545b62'],
  dark: ['#80abdc', '#f0b35e', '#5cc98b', '#c3a2ff', '#ff9a8f', '#c9cdd2'],
};
export const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [12, 4], [3, 6]];

/** What runs are called where several are drawn in one chart; as many as there are colours. */
export const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F'];
