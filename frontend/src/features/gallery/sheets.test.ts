import { describe, expect, it } from 'vitest';
import { sheetPart, sheetsOf } from './sheets';

describe('the sheet of a sample', () => {
  const listed = Array.from({ length: 73 }, (_, place) => ({ index: 1000 + place }));
  const sheets = sheetsOf(listed);

  it('is shared by fifty samples of the list, ten in a line', () => {
    const { rows, columns, lines, column, line } = sheetPart(sheets(12), 12);
    expect(rows.split('.')).toEqual(listed.slice(0, 50).map(({ index }) => String(index)));
    expect([columns, lines, column, line]).toEqual([10, 5, 2, 1]);
    expect(sheets(49)).toBe(rows);
  });

  it('is smaller at the end of the list', () => {
    expect(sheetPart(sheets(72), 72)).toEqual({ ...sheetPart(sheets(50), 50), column: 2, line: 2 });
    expect(sheetPart(sheetsOf([{ index: 7 }, { index: 8 }])(1), 1)).toEqual({
      rows: '7.8',
      columns: 2,
      lines: 1,
      column: 1,
      line: 0,
    });
  });
});
