import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { unifiedMergeView } from '@codemirror/merge'
import { EditorState, type Extension } from '@codemirror/state'
import { EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import { nonce } from '../app/nonce'

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--info)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.number, tags.bool], color: 'var(--wait)' },
  { tag: [tags.null, tags.keyword], color: 'var(--bad)' },
])

const look = EditorView.theme({
  '&': { fontSize: '12.5px', backgroundColor: 'transparent', color: 'var(--text)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-1px' },
  '.cm-content': { fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace', padding: '10px 0', caretColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--idle)', border: '0' },
  '.cm-changedLine, .cm-inlineChangedLine': { backgroundColor: 'color-mix(in srgb, var(--good) 12%, transparent) !important' },
  '.cm-deletedChunk': { backgroundColor: 'color-mix(in srgb, var(--bad) 10%, transparent) !important' },
  '.cm-changedText': { background: 'color-mix(in srgb, var(--good) 30%, transparent) !important' },
  '.cm-deletedText': { background: 'color-mix(in srgb, var(--bad) 26%, transparent) !important' },
  '.cm-collapsedLines': { background: 'var(--ground)', color: 'var(--quiet)' },
})

export default function Editor({ text, label, language = 'json', onChange, before, height }: {
  text: string
  label: string
  language?: 'json' | 'plain'
  onChange?: (text: string) => void
  before?: string
  height?: string
}) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const changed = useRef(onChange)
  changed.current = onChange

  useEffect(() => {
    const extensions: Extension[] = [
      lineNumbers(),
      bracketMatching(),
      syntaxHighlighting(colours),
      look,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label, ...(onChange ? {} : { 'aria-readonly': 'true' }) }),
      language === 'json' ? json() : [],
      nonce ? EditorView.cspNonce.of(nonce) : [],
      onChange
        ? [history(), keymap.of([...defaultKeymap, ...historyKeymap]), EditorView.updateListener.of((update) => update.docChanged && changed.current?.(update.state.doc.toString()))]
        : [EditorState.readOnly.of(true), EditorView.editable.of(false)],
      before === undefined ? [] : unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 8 }, highlightChanges: true }),
    ]
    const made = new EditorView({ parent: place.current!, state: EditorState.create({ doc: text, extensions }) })
    view.current = made
    return () => made.destroy()
    // A new text is put into the editor below; anything else makes another editor.
    // eslint-disable-next-line
  }, [label, language, before, Boolean(onChange)])

  useEffect(() => {
    const now = view.current
    if (now && now.state.doc.toString() !== text) {
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: text } })
    }
  }, [text])

  return <div ref={place} tabIndex={onChange ? undefined : 0} role={onChange ? undefined : 'region'} aria-label={onChange ? undefined : label} className="code-scroll" style={{ height, maxHeight: height ?? '46vh' }} />
}
