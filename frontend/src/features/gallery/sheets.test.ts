import { describe, expect, it } from 'vitest';
import { sheetPart } from './sheets';

describe('the sheet of a sample', () => {
  const indexes = Array.from({ length: 73 }, (_, place) => 1000 + place);

  it('is shared by fifty samples of the list, ten in a line', () => {
    const part = sheetPart(indexes, 12);
    expect(part.rows.split('.')).toEqual(indexes.slice(0, 50).map(String));
    expect([part.columns, part.lines, part.column, part.line]).toEqual([10, 5, 2, 1]);
    expect(sheetPart(indexes, 49).rows).toBe(part.rows);
  });

  it('is smaller at the end of the list', () => {
    expect(sheetPart(indexes, 72)).toEqual({ ...sheetPart(indexes, 50), column: 2, line: 2 });
    expect(sheetPart([7, 8], 1)).toEqual({ rows: '7.8', columns: 2, lines: 1, column: 1, line: 0 });
  });
});
