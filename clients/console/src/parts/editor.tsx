// The SQL editor. It lives in a shadow root: there its style sheets are objects, which a strict
// content security policy allows, and not inline styles.
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { PostgreSQL, type SQLNamespace, sql } from "@codemirror/lang-sql";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
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
  ".error-mark": { textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-placeholder": { color: "var(--muted)" },
});

const words = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--series-1)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: tags.number, color: "var(--series-2)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: tags.typeName, color: "var(--series-3)" },
]);

interface ErrorMark {
  from: number;
  to: number;
  message: string;
}

const setMark = StateEffect.define<ErrorMark | undefined>();
/** Where the last error is. (The editor's own package for it draws with inline styles.) */
const errorMark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, change) => {
    for (const effect of change.effects) {
      if (!effect.is(setMark)) continue;
      if (!effect.value) return Decoration.none;
      const { from, to, message } = effect.value;
      return Decoration.set(Decoration.mark({ class: "error-mark", attributes: { title: message } }).range(from, to));
    }
    return marks.map(change.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Text in place of a selection. The browser would carry the selection's looks over as an inline style, which is
 * forbidden here. Brackets and quotes are put around a selection by another extension.
 */
const replacing = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== "insertText" || event.data === null || /^["'([{]$/.test(event.data)) return false;
    if (view.composing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

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
        errorMark,
        replacing,
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
        if (position === undefined) return editor.dispatch({ effects: setMark.of(undefined) });
        const length = editor.state.doc.length;
        const at = Math.min(length, from + offsetOf(editor.state.sliceDoc(from), position));
        const to = Math.min(length, Math.max(editor.state.wordAt(at)?.to ?? at, at + 1));
        // At the very end there is nothing to underline but what is before it.
        editor.dispatch({ effects: setMark.of(length === 0 ? undefined : { from: Math.min(at, to - 1), to, message }) });
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
