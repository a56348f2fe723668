// The SQL editor. It lives in a shadow root: there its style sheets are objects, which a strict
// content security policy allows, and not inline styles.
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { PostgreSQL, type SQLNamespace, sql } from "@codemirror/lang-sql";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type MutableRefObject, useEffect, useRef } from "react";

export interface EditorHandle {
  /** What is selected, or everything; and where it begins. */
  text(): { sql: string; from: number };
  set(text: string): void;
  /** Marks a position of `text()`, in characters from 1; nothing takes the mark away. */
  mark(from: number, position: number | undefined, message: string): void;
}

interface Props {
  initial: string;
  names: SQLNamespace;
  handle: MutableRefObject<EditorHandle | undefined>;
  onRun: () => void;
  onChange: (text: string) => void;
}

const look = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--text)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", minHeight: "140px", maxHeight: "40vh", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, ::selection": {
    backgroundColor: "color-mix(in srgb, var(--accent) 30%, transparent)",
  },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--accent-text)" },
  ".cm-placeholder": { color: "var(--muted)" },
});

const words = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--series-1)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: tags.number, color: "var(--series-2)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: tags.typeName, color: "var(--series-3)" },
]);

/** Where a position in characters is in UTF-16, as the editor counts. */
function offsetOf(text: string, position: number): number {
  return [...text].slice(0, position - 1).join("").length;
}

export function Editor({ initial, names, handle, onRun, onChange }: Props): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>();
  const language = useRef(new Compartment());
  const run = useRef(onRun);
  const change = useRef(onChange);
  run.current = onRun;
  change.current = onChange;
  const made = (schema: SQLNamespace) => sql({ dialect: PostgreSQL, schema, upperCaseKeywords: true });

  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    const state = EditorState.create({
      doc: initial,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: "Mod-Enter", run: () => (run.current(), true) },
            // Tab indents; Escape, then Tab leaves the editor.
            { key: "Escape", run: (editor) => (editor.contentDOM.blur(), host.current?.focus(), true) },
          ]),
        ),
        lineNumbers(),
        history(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        highlightActiveLine(),
        lintGutter(),
        EditorView.lineWrapping,
        placeholder("SELECT …"),
        syntaxHighlighting(words),
        language.current.of(made(names)),
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) change.current(update.state.doc.toString());
        }),
        look,
      ],
    });
    const editor = new EditorView({ state, parent: root, root });
    view.current = editor;
    handle.current = {
      text: () => {
        const { main } = editor.state.selection;
        const whole = main.empty;
        return { sql: whole ? editor.state.doc.toString() : editor.state.sliceDoc(main.from, main.to), from: whole ? 0 : main.from };
      },
      set: (text) => {
        editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
        editor.focus();
      },
      mark: (from, position, message) => {
        const found: Diagnostic[] = [];
        if (position !== undefined) {
          const length = editor.state.doc.length;
          const at = Math.min(length, from + offsetOf(editor.state.sliceDoc(from), position));
          const word = editor.state.wordAt(at);
          found.push({ from: at, to: Math.min(length, Math.max(word?.to ?? at, at + 1)), severity: "error", message });
        }
        editor.dispatch(setDiagnostics(editor.state, found));
      },
    };
    return () => {
      handle.current = undefined;
      editor.destroy();
    };
    // The editor keeps what it has; later values come by the handle.
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(made(names)) });
  }, [names]);

  return <div className="editor" ref={host} tabIndex={-1} />;
}
