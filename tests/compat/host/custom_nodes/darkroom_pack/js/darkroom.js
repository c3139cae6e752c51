export const name = "darkroom";
