import { isUtf8 } from "node:buffer";

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const COMMA = 0x2c;
const QUOTE = 0x22;
const SPACE = 0x20;
const CR = 0x0d;
const LF = 0x0a;

const FIELD_START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** After a quote inside a quoted field: the field's end, or half of a doubled quote. */
const QUOTE_SEEN = 3;
const CR_SEEN = 4;
/** Spaces at a field's start. Parsers differ on a quote after them, so it is refused. */
const SPACES = 5;

/** What is wrong, and where: `line` counts from 1 with the header. */
export class CsvError extends Error {
  override readonly name = "CsvError";
  readonly line: number;
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.line = line;
  }
}

/**
 * Strict RFC 4180 over chunks of bytes, with LF or CRLF line ends (one kind per file), an optional BOM and UTF-8: takes the header,
 * counts the records and requires each to have as many fields as the header. Blank lines are not records. It holds no more than the header.
 */
export class CsvScanner {
  /** The header's fields, once its line has ended. */
  header: string[] | undefined;
  /** Records after the header. */
  records = 0;
  #state = FIELD_START;
  #fields = 1;
  #empty = true;
  #line = 1;
  #recordLine = 1;
  #crlf: boolean | undefined;
  #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer = Buffer.alloc(0);
  /** The first bytes, until there are enough of them to see a BOM. */
  #start: Buffer | undefined = Buffer.alloc(0);

  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#start) {
      bytes = Buffer.concat([this.#start, chunk]);
      if (bytes.length < BOM.length) {
        this.#start = bytes;
        return;
      }
      this.#start = undefined;
      if (bytes.subarray(0, BOM.length).equals(BOM)) bytes = bytes.subarray(BOM.length);
    }
    this.#checkUtf8(bytes);
    this.#scan(bytes);
  }

  /** A last line without a line end counts. */
  end(): void {
    if (this.#start) this.#scan(this.#start);
    if (this.#tail.length > 0) throw new CsvError(this.#line, "the file ends within a UTF-8 character");
    if (this.#state === QUOTED) throw new CsvError(this.#recordLine, "a quoted value is never closed");
    if (this.#state === CR_SEEN) throw this.#loneCr();
    if (!this.#empty) this.#endRecord(undefined);
    if (this.header === undefined) throw new CsvError(1, "the file is empty");
  }

  #scan(bytes: Buffer): void {
    let state = this.#state;
    let recordStart = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === LF) {
        this.#line++;
        if (state === QUOTED) continue;
        this.#sawLineEnd(state === CR_SEEN);
        this.#endRecord(this.header === undefined ? bytes.subarray(recordStart, i) : undefined);
        recordStart = i + 1;
        state = FIELD_START;
        continue;
      }
      if (state === PLAIN && byte !== COMMA && byte !== CR) continue;
      if (state === QUOTED) {
        if (byte === QUOTE) state = QUOTE_SEEN;
        continue;
      }
      if (state === CR_SEEN) throw this.#loneCr();
      if (byte === CR) {
        state = CR_SEEN;
        continue;
      }
      this.#empty = false;
      if (byte === COMMA) {
        state = FIELD_START;
        this.#fields++;
      } else if (state === QUOTE_SEEN) {
        if (byte !== QUOTE) throw new CsvError(this.#line, "text follows the closing quote of a value");
        state = QUOTED;
      } else if (byte === QUOTE) {
        if (state === SPACES) throw new CsvError(this.#line, "spaces stand before the opening quote of a value");
        state = QUOTED;
      } else {
        state = byte === SPACE ? SPACES : PLAIN;
      }
    }
    this.#state = state;
    if (this.header === undefined) this.#keepHead(bytes.subarray(recordStart));
  }

  /** `head` is the header's last piece, while the header is not complete. */
  #endRecord(head: Buffer | undefined): void {
    const fields = this.#fields;
    const blank = this.#empty;
    const line = this.#recordLine;
    this.#fields = 1;
    this.#empty = true;
    this.#recordLine = this.#line;
    if (this.header === undefined) {
      if (blank) throw new CsvError(line, "the header is missing");
      if (head) this.#keepHead(head);
      this.header = splitRecord(Buffer.concat(this.#head).toString("utf8"));
      this.#head = [];
      return;
    }
    if (blank) return;
    if (fields !== this.header.length) {
      throw new CsvError(line, `it has ${fields} values, the header has ${this.header.length}`);
    }
    this.records++;
  }

  #keepHead(bytes: Buffer): void {
    this.#headBytes += bytes.length;
    if (this.#headBytes > 65_536) throw new CsvError(1, "the header is longer than 64 KB");
    this.#head.push(Buffer.from(bytes));
  }

  #sawLineEnd(crlf: boolean): void {
    if (this.#crlf === undefined) this.#crlf = crlf;
    else if (this.#crlf !== crlf)
      throw new CsvError(this.#line - 1, "the file mixes LF and CRLF line ends; use one kind");
  }

  #loneCr(): CsvError {
    return new CsvError(this.#line, "a carriage return stands alone; line ends must be LF or CRLF");
  }

  /** A character may be split between chunks: its first bytes wait for the next one. */
  #checkUtf8(bytes: Buffer): void {
    const whole = this.#tail.length > 0 ? Buffer.concat([this.#tail, bytes]) : bytes;
    const cut = whole.length - unfinished(whole);
    if (!isUtf8(whole.subarray(0, cut)))
      throw new CsvError(this.#line + firstBadLine(whole), "the text is not valid UTF-8");
    this.#tail = Buffer.from(whole.subarray(cut));
  }
}

/** Length of a UTF-8 character that has begun in the last three bytes and is not complete. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function firstBadLine(bytes: Buffer): number {
  let line = 0;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(LF, start);
    const stop = end < 0 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(start, stop))) break;
    start = stop + 1;
  }
  return line;
}

/** Fields of one record that the scanner has accepted. */
function splitRecord(text: string): string[] {
  const fields = text.replace(/\r$/, "").matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return Array.from(fields, ([, quoted, plain]) => (quoted === undefined ? plain! : quoted.replaceAll('""', '"')));
}
