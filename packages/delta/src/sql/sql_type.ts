/** A type as DuckDB's DESCRIBE prints it, taken apart. Primitive names are DuckDB's, e.g. `BIGINT`, `DECIMAL(10,2)`. */
export type SqlType =
  | { readonly kind: "primitive"; readonly name: string }
  | { readonly kind: "list"; readonly element: SqlType }
  | { readonly kind: "map"; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: "struct"; readonly fields: readonly { readonly name: string; readonly type: SqlType }[] };

/** Takes a type's text apart; what is of no known form is a primitive of that name. */
export function parseSqlType(text: string): SqlType {
  const parser = new TypeParser(text);
  const type = parser.type();
  return parser.isAtEnd ? type : { kind: "primitive", name: text };
}

class TypeParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  type(): SqlType {
    let type = this.#single();
    for (let match = this.#take(/\[\d*\]/y); match !== undefined; match = this.#take(/\[\d*\]/y)) {
      type = { kind: "list", element: type };
    }
    return type;
  }

  #single(): SqlType {
    if (this.#take(/STRUCT\(/y) !== undefined) {
      const fields: { name: string; type: SqlType }[] = [];
      do {
        const name = this.#name();
        this.#take(/ /y);
        fields.push({ name, type: this.type() });
      } while (this.#take(/, /y) !== undefined);
      this.#take(/\)/y);
      return { kind: "struct", fields };
    }
    if (this.#take(/MAP\(/y) !== undefined) {
      const key = this.type();
      this.#take(/, /y);
      const value = this.type();
      this.#take(/\)/y);
      return { kind: "map", key, value };
    }
    const name = this.#take(/[A-Za-z0-9_ ]+(\([^()]*\))?/y) ?? "";
    return { kind: "primitive", name: name === "TIMESTAMPTZ" ? "TIMESTAMP WITH TIME ZONE" : name };
  }

  #name(): string {
    const quoted = this.#take(/"(?:[^"]|"")*"/y);
    return quoted === undefined ? (this.#take(/[^ ]+/y) ?? "") : quoted.slice(1, -1).replaceAll('""', '"');
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#at += match.length;
    return match;
  }
}
