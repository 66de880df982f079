import { Alert, Button, Skeleton } from 'antd'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { command, nameOf, review, reviews, type Act, type Master, type Review } from '../../api/masters'
import { useAskWhy, useSay } from '../../parts/ask'
import { EVERY, useChosen } from '../../parts/chosen'
import { useKeys } from '../../parts/keys'
import { Evidence, KEY_KIND } from '../../parts/pair/Evidence'
import { Sides } from '../../parts/pair/Sides'
import { Queue } from '../../parts/Queue'
import { Trouble } from '../../parts/Trouble'
import { useUndo } from '../../parts/undo'
import { useMay } from '../../session/session'

/** Pairs that wait, one after the other, decided by keyboard. */
export function Open() {
  const { t } = useTranslation(['reviews', 'customer'])
  const may = useMay('decide')
  const reveals = useMay('reveal')
  const say = useSay()
  const askWhy = useAskWhy()
  const offerUndo = useUndo()
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [decided, setDecided] = useState(0)
  const reason = useRef('')
  const list = useInfiniteQuery({
    queryKey: ['reviews', 'open'],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => reviews('open', pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: EVERY,
  })
  const open = list.data?.pages.flatMap((page) => page.items) ?? []
  const { chosen, at, choose, show } = useChosen(open)
  const pair = useQuery({ queryKey: ['review', chosen?.id], enabled: Boolean(chosen), queryFn: () => review(chosen!.id) })
  const [elder, younger] = pair.data?.sides ?? []

  /** Decides the pair; `takeBack` are the acts that make it as it was before. */
  async function decide(act: Act, done: string, takeBack: Act[], because = '') {
    if (busy || !chosen) return
    setBusy(true)
    try {
      const { outcome } = await command(act, because)
      await queries.invalidateQueries({ queryKey: ['reviews'] })
      // Durable, but not decided yet: there is nothing to count or to undo by now.
      if (outcome === 'underway') return say.done(t('not_decided_yet', { ns: 'common' }))
      // Said when the next pair is there, so that the next key is for it.
      setDecided((count) => count + 1)
      offerUndo(done, () => void undo(chosen.id, takeBack))
    } catch (error) {
      const code = (error as { code?: string }).code
      if (code === 'merge.contradiction' && !because) {
        setBusy(false)
        const why = await askWhy(t('contradiction'), (error as Error).message, { required: true, ok: t('same') })
        if (why) await decide(act, done, takeBack, why)
        return
      }
      say.failed(error)
      // Perhaps somebody else was first: then the pair does not wait any more.
      await queries.invalidateQueries({ queryKey: ['reviews'] })
    } finally {
      setBusy(false)
    }
  }
  async function undo(id: number, acts: Act[]) {
    setBusy(true)
    try {
      for (const act of acts) await command(act, t('taken_back', { ns: 'customer' }))
      setDecided((count) => count - 1)
      say.done(t('undone'))
    } catch (error) {
      say.failed(error)
    } finally {
      await queries.invalidateQueries({ queryKey: ['reviews'] })
      // The same pair again, wherever it stands now.
      show(id)
      setBusy(false)
    }
  }
  function same(survivor?: Master) {
    if (!chosen || !elder || !younger) return
    const [stays, goes] = survivor === younger ? [younger, elder] : [elder, younger]
    void decide(
      { approve: { review: chosen.id, survivor: stays.master_id } },
      t('said_same', { gone: nameOf(goes), into: nameOf(stays) }),
      [{ unmerge: { merged: goes.master_id } }, { reopen: { review: chosen.id } }],
    )
  }
  function different() {
    if (!chosen || !elder || !younger) return
    void decide({ reject: { review: chosen.id } }, t('said_different', { one: nameOf(elder), other: nameOf(younger) }), [{ reopen: { review: chosen.id } }])
  }

  useKeys({
    j: () => choose(at + 1),
    k: () => choose(at - 1),
    ...(may && chosen && pair.data
      ? { s: () => same(), d: different, '1': () => same(elder), '2': () => same(younger) }
      : {}),
  })

  if (list.error) return <Trouble error={list.error} again={() => list.refetch()} />
  if (!list.data) return <Skeleton active />
  return (
    <>
      <div className="row between queue-head">
        <p className="quiet small" role="status">{t('left', { count: open.length })}{list.hasNextPage ? '+' : ''}{decided > 0 && ` · ${t('decided', { count: decided })}`}</p>
        <span className="quiet small keys">
          <kbd>J</kbd><kbd>K</kbd> {t('keys.move')} <kbd>S</kbd> {t('keys.same')} <kbd>D</kbd> {t('keys.different')} <kbd>1</kbd><kbd>2</kbd> {t('keys.survivor')} {reveals && <><kbd>R</kbd> {t('keys.reveal')}</>} <kbd>Z</kbd> {t('keys.undo')}
        </span>
      </div>
      <Queue
        waiting={open.map((one) => ({ key: one.id, name: subjectOf(one), note: t([`reason.${one.reason}`, 'reason.other'], { reason: one.reason }), since: one.opened_at }))}
        at={at}
        choose={choose}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        none={t('none')}
        label={t('pair')}
      >
        {pair.error ? <Trouble error={pair.error} /> : !chosen || !pair.data || !elder || !younger ? <Skeleton active style={{ padding: 20 }} /> : (
          <>
            <Sides
              key={chosen.id}
              pair={[elder, younger]}
              differs={pair.data.differs}
              reason={reason}
              under={[<><kbd>1</kbd> {t('elder')}</>, <><kbd>2</kbd> {t('younger')}</>]}
            />
            <div className="queue-why">
              <h3>{t('evidence')}</h3>
              <Alert type="info" title={t([`reason.${chosen.reason}`, 'reason.other'], { reason: chosen.reason })} />
              <Evidence evidence={chosen.evidence} />
            </div>
            {may && (
              <footer className="queue-acts">
                <Button type="primary" size="large" loading={busy} onClick={() => same()}>{t('same')} <kbd>S</kbd></Button>
                <Button size="large" disabled={busy} onClick={different}>{t('different')} <kbd>D</kbd></Button>
              </footer>
            )}
          </>
        )}
      </Queue>
    </>
  )
}

/** What a pair is told apart by in a list: what both have, or the record that raised the question. */
function subjectOf({ id, evidence: { shared, record } }: Review): string {
  return shared?.[0]?.replace(KEY_KIND, '') ?? ([record?.system, record?.native_id].filter(Boolean).join(' ') || `#${id}`)
}
