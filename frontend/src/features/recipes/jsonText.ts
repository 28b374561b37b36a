/** JSON as a person writes it: read with the line of every part, and refused with the line of the fault. */

export type Read = {
  value: unknown;
  /** Dotted path of a part -> the line on which it stands, from 1; the whole is at "". */
  lines: Map<string, number>;
};

export class JsonFault extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

type Token = { text: string; line: number };

const TOKEN = /[ \t\r\n]+|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

/** Throws JsonFault. */
export function readJson(text: string): Read {
  const reader = new Reader(tokensOf(text));
  const value = reader.value('');
  reader.end();
  return { value, lines: reader.lines };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text)?.[0];
    if (found === undefined) throw new JsonFault(strange(text.slice(at)), line);
    if (found.trim() !== '') tokens.push({ text: found, line });
    line += found.split('\n').length - 1;
  }
  return [...tokens, { text: '', line }];
}

function strange(rest: string): string {
  if (rest.startsWith('"')) return 'A text begins here and has no closing quote on its line.';
  const word = /^[^\s,:[\]{}"]+/.exec(rest)?.[0] ?? rest.charAt(0);
  return `Found ${word.slice(0, 30)}, which is no JSON; texts and names stand in double quotes.`;
}

class Reader {
  readonly lines = new Map<string, number>();
  private at = 0;

  constructor(private readonly tokens: Token[]) {}

  value(path: string): unknown {
    const token = this.next();
    if (!this.lines.has(path)) this.lines.set(path, token.line);
    if (token.text === '{') return this.members(path);
    if (token.text === '[') return this.items(path);
    if ('}],:'.includes(token.text)) throw new JsonFault(`Found ${shown(token)}, expected a value.`, token.line);
    return literal(token);
  }

  end(): void {
    const token = this.next();
    if (token.text !== '') throw new JsonFault(`Found ${shown(token)} after the end; one value is wanted.`, token.line);
  }

  private members(path: string): unknown {
    const members = new Map<string, unknown>();
    if (this.takes('}')) return {};
    do {
      const token = this.next();
      if (!token.text.startsWith('"'))
        throw new JsonFault(`Found ${shown(token)}, expected a name in double quotes.`, token.line);
      const name = String(literal(token));
      if (members.has(name))
        throw new JsonFault(`“${name}” stands here a second time; remove one of the two.`, token.line);
      this.expect(':');
      const below = path === '' ? name : `${path}.${name}`;
      this.lines.set(below, token.line);
      members.set(name, this.value(below));
    } while (this.takes(','));
    this.expect('}');
    return Object.fromEntries(members);
  }

  private items(path: string): unknown[] {
    const items: unknown[] = [];
    if (this.takes(']')) return items;
    do items.push(this.value(`${path}.${items.length}`));
    while (this.takes(','));
    this.expect(']');
    return items;
  }

  private next(): Token {
    const token = this.tokens[this.at] ?? { text: '', line: this.tokens.at(-1)?.line ?? 1 };
    this.at += 1;
    return token;
  }

  private takes(text: string): boolean {
    const found = this.tokens[this.at]?.text === text;
    if (found) this.at += 1;
    return found;
  }

  /** What is missing is missing after the part before it, so its line is named. */
  private expect(text: string): void {
    if (this.takes(text)) return;
    const [before, found] = [this.tokens[this.at - 1], this.next()];
    const wanted = text === '}' || text === ']' ? `, or ${text}` : text;
    throw new JsonFault(`Expected ${wanted} here; found ${shown(found)} next.`, before?.line ?? found.line);
  }
}

function literal(token: Token): unknown {
  try {
    return JSON.parse(token.text);
  } catch {
    throw new JsonFault(`Found ${shown(token)}, which is no JSON.`, token.line);
  }
}

function shown({ text }: Token): string {
  return text === '' ? 'the end' : text.slice(0, 40);
}
