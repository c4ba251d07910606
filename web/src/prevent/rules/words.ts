// The difference of two expressions, word by word.
export interface Word {
  text: string;
  sort: "same" | "del" | "ins";
}

const MAX = 400; // words of one side that are compared; longer texts are shown whole, old then new

// wordDiff gives the shortest way from one text to the other; neighbours of one sort are joined.
export function wordDiff(from: string, to: string): Word[] {
  const a = split(from);
  const b = split(to);
  if (a.length > MAX || b.length > MAX)
    return joined([
      { text: from, sort: "del" },
      { text: to, sort: "ins" },
    ]);
  const common = lengths(a, b);
  const out: Word[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    if (x !== undefined && x === y) {
      out.push({ text: x, sort: "same" });
      i++;
      j++;
    } else if (x !== undefined && (y === undefined || at(common, i + 1, j) >= at(common, i, j + 1))) {
      out.push({ text: x, sort: "del" });
      i++;
    } else {
      out.push({ text: y ?? "", sort: "ins" });
      j++;
    }
  }
  return joined(out);
}

const split = (text: string) => text.match(/[\w.]+|\s+|[^\w\s]/gu) ?? [];
const at = (table: number[][], i: number, j: number) => table[i]?.[j] ?? 0;

// lengths[i][j] is how many words the rests of a from i and of b from j have in common, in order.
function lengths(a: string[], b: string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = table[i] as number[];
      row[j] = a[i] === b[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  return table;
}

function joined(words: Word[]): Word[] {
  const out: Word[] = [];
  for (const word of words) {
    const last = out.at(-1);
    if (last?.sort === word.sort) last.text += word.text;
    else if (word.text) out.push({ ...word });
  }
  return out;
}
