// Spans of the API are ranges of bytes of a UTF-8 text. What the browser shows are its characters.
export interface Span {
  start: number;
  end: number;
}

export interface Mark<T> {
  span: Span;
  of: T;
}

export interface Piece<T> {
  text: string;
  marks: T[]; // empty: nothing is said of it
}

// pieces cuts a text where a mark begins or ends. Marks may overlap; those out of range are left out.
export function pieces<T>(text: string, marks: readonly Mark<T>[]): Piece<T>[] {
  const bytes = new TextEncoder().encode(text);
  const inside = marks.filter(({ span }) => span.start >= 0 && span.start < span.end && span.end <= bytes.length);
  const cuts = [...new Set([0, bytes.length, ...inside.flatMap(({ span }) => [span.start, span.end])])].sort(
    (a, b) => a - b,
  );
  const decoder = new TextDecoder();
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i] ?? 0;
    return {
      text: decoder.decode(bytes.subarray(start, end)),
      marks: inside.filter(({ span }) => span.start <= start && span.end >= end).map(({ of }) => of),
    };
  });
}
