import { Alert, Button, Skeleton, Tag } from 'antd'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { ASPECTS, itemReviews, nameOf, type Candidate, type ItemReview } from '../../api/items'
import { command, type Act } from '../../api/masters'
import { useSay } from '../../parts/ask'
import { EVERY, useChosen } from '../../parts/chosen'
import { useKeys } from '../../parts/keys'
import { Queue } from '../../parts/Queue'
import { Trouble } from '../../parts/Trouble'
import { useMay } from '../../session/session'

/** Keys by which one of several items is chosen. */
const DIGITS = '123456789'

/** Records that wait, one after the other, decided by keyboard. */
export function Open() {
  const { t } = useTranslation('items')
  const may = useMay('decide')
  const say = useSay()
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [decided, setDecided] = useState(0)
  const list = useInfiniteQuery({
    queryKey: ['items', 'open'],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => itemReviews(pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: EVERY,
  })
  const open = list.data?.pages.flatMap((page) => page.items) ?? []
  const { chosen, at, choose } = useChosen(open)

  async function decide(act: Act) {
    if (busy) return
    setBusy(true)
    try {
      const { outcome } = await command(act, '')
      await queries.invalidateQueries({ queryKey: ['items'] })
      // Durable, but not decided yet: there is nothing to count by now.
      if (outcome === 'underway') return say.done(t('not_decided_yet', { ns: 'common' }))
      // Said when the next record is there, so that the next key is for it.
      setDecided((count) => count + 1)
    } catch (error) {
      say.failed(error)
      // Perhaps somebody else was first: then the record does not wait any more.
      await queries.invalidateQueries({ queryKey: ['items'] })
    } finally {
      setBusy(false)
    }
  }
  const same = (candidate?: Candidate) => {
    const [other] = candidate?.records ?? []
    if (chosen && other) void decide({ same_item: { record: chosen.record, other: other.record } })
  }
  const apart = () => void decide({ new_item: { record: chosen!.record } })
  const only = chosen?.candidates.length === 1 ? chosen.candidates[0] : undefined
  useKeys({
    j: () => choose(at + 1),
    k: () => choose(at - 1),
    ...(may && chosen
      ? { s: () => same(only), d: apart, ...Object.fromEntries([...DIGITS].map((digit, number) => [digit, () => same(chosen.candidates[number])])) }
      : {}),
  })

  if (list.error) return <Trouble error={list.error} again={() => list.refetch()} />
  if (!list.data) return <Skeleton active />
  return (
    <>
      <div className="row between queue-head">
        <p className="quiet small" role="status">{t('left', { count: open.length })}{list.hasNextPage ? '+' : ''}{decided > 0 && ` · ${t('done', { count: decided })}`}</p>
        <span className="quiet small keys">
          <kbd>J</kbd><kbd>K</kbd> {t('keys.move')} <kbd>S</kbd> {t('keys.same')} <kbd>D</kbd> {t('keys.new')} <kbd>1</kbd>…<kbd>9</kbd> {t('keys.which')}
        </span>
      </div>
      <Queue
        waiting={open.map((one) => ({ key: one.id, name: nameOf(one.record), note: one.part?.name, since: one.since }))}
        at={at}
        choose={choose}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        none={t('none')}
        label={t('record')}
      >
        {chosen && (
          <>
            <Sides review={chosen} />
            <div className="queue-why">
              <h3>{t('why')}</h3>
              <Alert type={chosen.part ? 'info' : 'warning'} title={chosen.why ? t(`because.${chosen.why}`) : chosen.part ? t('because.nothing') : t('because.unreadable')} />
              <p className="quiet small">{t('waits')}</p>
              <div className="row small">
                <Link to={`/parked?system=${chosen.record.system}&direction=inbound&state=failed&code=item.doubtful`}>{t('parked')}</Link>
                <Link to={`/trace/${chosen.message_id}`}>{t('message')}</Link>
              </div>
            </div>
            {may && (
              <footer className="queue-acts">
                {chosen.candidates.map((candidate, number) => (
                  <Button key={candidate.master_id} type={only ? 'primary' : 'default'} size="large" loading={busy} onClick={() => same(candidate)}>
                    {only ? t('same') : t('same_as', { code: candidate.records[0]?.part.code })} <kbd>{only ? 'S' : DIGITS[number]}</kbd>
                  </Button>
                ))}
                <Button size="large" disabled={busy} onClick={apart}>{t('new')} <kbd>D</kbd></Button>
              </footer>
            )}
          </>
        )}
      </Queue>
    </>
  )
}

/** The record beside all that systems say of the items that it may be. */
function Sides({ review }: { review: ItemReview }) {
  const { t } = useTranslation('items')
  const { part, candidates } = review
  const columns = candidates.flatMap((candidate, number) => candidate.records.map((side) => ({ ...side, number })))
  return (
    <div className="sides-scroll" tabIndex={0}>
      <table className="sides" style={{ minWidth: 150 + 170 * (columns.length + 1) }}>
        <thead>
          <tr>
            <th scope="col"><span className="quiet">{t('value')}</span></th>
            <th scope="col"><span className="mono">{nameOf(review.record)}</span><div className="quiet small">{t('waiting')}</div></th>
            {columns.map(({ record, number }) => (
              <th key={nameOf(record)} scope="col">
                {candidates.length > 1 && <kbd>{DIGITS[number]}</kbd>} <span className="mono">{nameOf(record)}</span>
                <div className="quiet small">{t('known')}</div>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ASPECTS.map((aspect) => (
            <tr key={aspect}>
              <th scope="row">{t(`aspect.${aspect}`)}</th>
              <td>{part?.[aspect] || <span className="quiet">–</span>}</td>
              {columns.map(({ record, part, compared }) => (
                <td key={nameOf(record)} className={compared[aspect]}>
                  {part[aspect] || <span className="quiet">–</span>} {compared[aspect] !== 'same' && <Tag>{t(`compared.${compared[aspect]}`)}</Tag>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
