// The editor of rulesets: CodeMirror with the marks of problems. It is a chunk of its own, read when a text is opened.
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  GutterMarker,
  gutter,
  keymap,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { basicSetup } from "codemirror";
import { type RefObject, useEffect, useImperativeHandle, useRef } from "react";
import { nonce } from "../../shell/policy";
import { namesIn } from "./outline";

export interface Mark {
  line: number; // from 1; 0 is about the whole text
  message: string;
}

export interface EditorHandle {
  goTo: (line: number) => void;
  replace: (text: string) => void; // as one step that undo takes back
}

interface Props {
  text: string; // at first; later changes come through replace
  label: string;
  readOnly?: boolean;
  marks: Mark[];
  goTo?: number; // the line that is shown first
  onChange?: (text: string) => void;
  handle?: RefObject<EditorHandle | null>;
}

export default function CodeEditor({ text, label, readOnly, marks, goTo: start, onChange, handle }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const first = useRef({ text, label, readOnly, start });
  const latest = useRef(onChange);
  latest.current = onChange;

  useEffect(() => {
    if (!host.current) return;
    const { text: doc, label, readOnly = false, start } = first.current;
    const changed = EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current?.(update.state.doc.toString());
    });
    const extensions = [basicSetup, colours, marked, keys, completion, changed, EditorView.lineWrapping];
    view.current = new EditorView({
      parent: host.current,
      doc,
      extensions: [
        ...extensions,
        EditorView.cspNonce.of(nonce),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorState.readOnly.of(readOnly),
      ],
    });
    if (start) goTo(view.current, start);
    return () => view.current?.destroy();
  }, []);

  useEffect(() => view.current?.dispatch({ effects: setMarks.of(marks) }), [marks]);

  useImperativeHandle(handle, () => ({
    goTo: (line) => view.current && goTo(view.current, line),
    replace: (next) =>
      view.current?.dispatch({ changes: { from: 0, to: view.current.state.doc.length, insert: next } }),
  }));

  return <div ref={host} className="code" />;
}

function goTo(view: EditorView, line: number): void {
  const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines)).from;
  view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  view.focus();
}

// Colours: what a line of YAML is made of, by class names that the style sheet colours.
const words = new MatchDecorator({
  regexp:
    /(?<=^|\s)#.*$|'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[A-Za-z_][\w.-]*:(?=\s|$)|(?<![\w.-])\d+(?:\.\d+)?[dhm]?(?![\w.-])/gm,
  decoration: ([word]) => Decoration.mark({ class: `code-${sortOf(word)}` }),
});

function sortOf(word: string): string {
  if (word.startsWith("#")) return "comment";
  if (/^['"]/.test(word)) return "text";
  return word.endsWith(":") ? "key" : "number";
}

const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = words.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = words.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

// Marks: the lines with a problem, which keep their place while a person types until the next check.
const setMarks = StateEffect.define<Mark[]>();

const lines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(before, change) {
    const marks = change.effects.find((e) => e.is(setMarks))?.value as Mark[] | undefined;
    if (!marks) return before.map(change.changes);
    const { doc } = change.state;
    const messages = new Map<number, string>();
    for (const { line, message } of marks) {
      const n = Math.min(Math.max(line, 1), doc.lines);
      messages.set(n, messages.has(n) ? `${messages.get(n)}\n${message}` : message);
    }
    const places = [...messages].sort(([a], [b]) => a - b);
    return Decoration.set(
      places.map(([n, title]) =>
        Decoration.line({ class: "code-problem", attributes: { title } }).range(doc.line(n).from),
      ),
    );
  },
  provide: (field) => EditorView.decorations.from(field),
});

class Dot extends GutterMarker {
  override toDOM() {
    const dot = document.createElement("i");
    dot.className = "code-dot";
    return dot;
  }
}
const dot = new Dot();

const marked = [
  lines,
  gutter({
    class: "code-gutter",
    lineMarker: (view, block) => {
      let found = false;
      view.state.field(lines).between(block.from, block.from, () => {
        found = true;
      });
      return found ? dot : null;
    },
    lineMarkerChange: (update) => update.startState.field(lines) !== update.state.field(lines),
  }),
];

function nextProblem(view: EditorView): boolean {
  const starts: number[] = [];
  view.state.field(lines).between(0, view.state.doc.length, (from) => void starts.push(from));
  const next = starts.find((at) => at > view.state.selection.main.head) ?? starts[0];
  if (next !== undefined) goTo(view, view.state.doc.lineAt(next).number);
  return next !== undefined;
}

function indent(view: EditorView): boolean {
  if (!view.state.selection.main.empty || view.state.readOnly) return false;
  view.dispatch(view.state.replaceSelection("  "), { scrollIntoView: true });
  return true;
}

const keys = keymap.of([
  { key: "F8", run: nextProblem },
  { key: "Tab", run: indent },
]);

interface Asked {
  state: EditorState;
  matchBefore: (pattern: RegExp) => { from: number; text: string } | null;
  explicit: boolean;
}

// completion offers what an expression may name.
const completion = EditorState.languageData.of(() => [
  {
    autocomplete: (asked: Asked) => {
      const word = asked.matchBefore(/[\w.]+/);
      if (!word || !(asked.explicit || word.text.includes("."))) return null;
      const options = namesIn(asked.state.doc.toString()).map((label) => ({ label }));
      return { from: word.from, options, validFor: /^[\w.]*$/ };
    },
  },
]);
