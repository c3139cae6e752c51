/** Colours that a user may give to nodes and groups. They are stored in files, so they are values, not tokens. */

export const NODE_COLORS = [
  { name: 'red', value: '#6b2f2a' },
  { name: 'amber', value: '#6b4a1f' },
  { name: 'green', value: '#2f5a3c' },
  { name: 'teal', value: '#245a5c' },
  { name: 'blue', value: '#2f4670' },
  { name: 'purple', value: '#533a6b' },
];
