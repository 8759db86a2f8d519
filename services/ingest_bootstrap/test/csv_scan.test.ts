import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CsvScanner } from "../src/csv_scan.ts";

/** Scans text cut into chunks of a size. */
function scan(text: string | Buffer, size = 1 << 20): { header: string[]; records: number } {
  const scanner = new CsvScanner();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
  scanner.end();
  return { header: scanner.header!, records: scanner.records };
}

test("counts records with LF, CRLF, BOM, blank lines, quotes, line breaks in quotes and no last line end", () => {
  const expected = { header: ["a", "b,c"], records: 2 };
  for (const text of [
    'a,"b,c"\n1,2\n3,4\n',
    'a,"b,c"\r\n1,2\r\n3,4\r\n',
    '\ufeffa,"b,c"\n1,2\n3,4',
    'a,"b,c"\n\n1,2\n\n3,4\n\n',
    'a,"b,c"\n1,"x ""y"", z"\n3,12" vinyl\n',
    'a,"b,c"\n1,"x\ny"\n3,"x\r\n"\n',
    'a,"b,c"\n,\n3,""\n',
  ]) {
    for (const size of [1, 2, 3, 1000]) expect(scan(text, size), JSON.stringify([text, size])).toEqual(expected);
  }
});

test("names the line of what it refuses", () => {
  const cases: [string | Buffer, string][] = [
    ["a,b\n1,2\n3\n", "line 3: it has 1 values, the header has 2"],
    ["a,b\n1,2,3\n", "line 2: it has 3 values"],
    ['a,b\n"x\ny",1\n1,2,3\n', "line 4: it has 3 values"],
    ['a,b\n1,"open\n3,4\n', "line 2: a quoted value is never closed"],
    ['a,b\n1,"x"y\n', "line 2: text follows the closing quote"],
    ['a,b\n1, "x"\n', "line 2: spaces stand before"],
    ["a,b\r\n1,2\n", "line 2: the file mixes"],
    ["a,b\n1,2\r3,4\n", "line 2: a carriage return"],
    ["a,b\n1,2\n1,2\r", "line 3: a carriage return"],
    ["", "line 1: the file is empty"],
    ["\na,b\n", "line 1: the header is missing"],
    [Buffer.from([0x61, 0x2c, 0x62, 0x0a, 0x31, 0x2c, 0xff, 0x0a]), "line 2: the text is not valid UTF-8"],
    [Buffer.from([0x61, 0x0a, 0xe2, 0x82]), "line 2: the file ends within"],
  ];
  for (const [text, message] of cases) {
    for (const size of [1, 5, 1000]) expect(() => scan(text, size), JSON.stringify([text, size])).toThrow(message);
  }
});

test("any table written by RFC 4180 is counted right, however it is cut into chunks", () => {
  const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", "é", "日", " ") });
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(field, field)),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom("\n", "\r\n"),
      (rows, size, end) => {
        const text = [["x", "é,y"], ...rows].map((row) => row.map(quoted).join(",") + end).join("");
        expect(scan(text, size)).toEqual({ header: ["x", "é,y"], records: rows.length });
      },
    ),
  );
});
