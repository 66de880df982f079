import { Alert, Button, Skeleton, Tag } from 'antd'
import { EyeOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { command, nameOf, reveal, review, reviews, type Master, type Review } from '../../api/masters'
import { useAskWhy, useSay } from '../../parts/ask'
import { useKeys } from '../../parts/keys'
import { PageHead } from '../../parts/PageHead'
import { Queue } from '../../parts/Queue'
import { Trouble } from '../../parts/Trouble'
import { line } from '../../parts/values'
import { useMay } from '../../session/session'
import { Evidence, KEY_KIND, type Told } from './Evidence'

/** Pairs that may be one customer, one after the other, decided by keyboard. */
export default function Reviews() {
  const { t } = useTranslation(['reviews', 'customer'])
  const may = useMay('decide')
  const say = useSay()
  const askWhy = useAskWhy()
  const queries = useQueryClient()
  const [at, setAt] = useState(0)
  const [busy, setBusy] = useState(false)
  const [decided, setDecided] = useState(0)
  const list = useInfiniteQuery({
    queryKey: ['reviews', 'open'],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => reviews('open', pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const open = list.data?.pages.flatMap((page) => page.items) ?? []
  const chosen = open[Math.min(at, open.length - 1)]
  const pair = useQuery({ queryKey: ['review', chosen?.id], enabled: Boolean(chosen), queryFn: () => review(chosen!.id) })
  const [elder, younger] = pair.data?.sides ?? []

  async function decide(act: Record<string, unknown>, because = '') {
    if (busy || !chosen) return
    setBusy(true)
    try {
      await command(act, because)
      await queries.invalidateQueries({ queryKey: ['reviews'] })
      // Said when the next pair is there, so that the next key is for it.
      setDecided((count) => count + 1)
    } catch (error) {
      const code = (error as { code?: string }).code
      if (code === 'merge.contradiction' && !because) {
        setBusy(false)
        const why = await askWhy(t('contradiction'), (error as Error).message, { required: true, ok: t('same') })
        if (why) await decide(act, why)
        return
      }
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  const same = (survivor?: Master) => void decide({ approve: { review: chosen!.id, ...(survivor ? { survivor: survivor.master_id } : {}) } })
  const different = () => void decide({ reject: { review: chosen!.id } })

  useKeys({
    j: () => setAt(Math.min(at + 1, open.length - 1)),
    k: () => setAt(Math.max(at - 1, 0)),
    ...(may && chosen && pair.data
      ? { s: () => same(), d: different, '1': () => elder && same(elder), '2': () => younger && same(younger) }
      : {}),
  })

  if (list.error) return <Trouble error={list.error} again={() => list.refetch()} />
  if (!list.data) return <Skeleton active className="page" />
  return (
    <div className="page wide">
      <PageHead
        title={t('title')}
        text={t('text')}
      />
      <div className="row between queue-head">
        <p className="quiet small" role="status">{t('left', { count: open.length })}{list.hasNextPage ? '+' : ''}{decided > 0 && ` · ${t('decided', { count: decided })}`}</p>
        <span className="quiet small keys">
          <kbd>J</kbd><kbd>K</kbd> {t('keys.move')} <kbd>S</kbd> {t('keys.same')} <kbd>D</kbd> {t('keys.different')} <kbd>1</kbd><kbd>2</kbd> {t('keys.survivor')}
        </span>
      </div>
      <Queue
        waiting={open.map((one) => ({ key: one.id, name: subjectOf(one), note: t([`reason.${one.reason}`, 'reason.other'], { reason: one.reason }), since: one.opened_at }))}
        at={open.indexOf(chosen!)}
        choose={setAt}
        more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
        none={t('none')}
        label={t('pair')}
      >
        {pair.error ? <Trouble error={pair.error} /> : !chosen || !pair.data || !elder || !younger ? <Skeleton active style={{ padding: 20 }} /> : (
          <>
            <Sides key={chosen.id} elder={elder} younger={younger} differs={pair.data.differs} />
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
    </div>
  )
}

/** What a pair is told apart by in a list: what both have, or the record that raised the question. */
function subjectOf({ id, evidence }: Review): string {
  const { shared, record } = (evidence ?? {}) as Told
  return shared?.[0]?.replace(KEY_KIND, '') ?? ([record?.system, record?.native_id].filter(Boolean).join(' ') || `#${id}`)
}

/** Both masters, value beside value; what is the same in both recedes. */
function Sides({ elder, younger, differs }: { elder: Master; younger: Master; differs: string[] }) {
  const { t } = useTranslation(['reviews', 'customer'])
  const may = useMay('reveal')
  const askWhy = useAskWhy()
  const say = useSay()
  // Kept no longer than the pair is looked at.
  const [shown, setShown] = useState<Record<string, unknown>[]>()
  async function look() {
    const because = await askWhy(t('reveal_title', { ns: 'customer' }), t('reveal_text', { ns: 'customer' }), { required: true, ok: t('reveal', { ns: 'customer' }) })
    if (!because) return
    try {
      setShown(await Promise.all([elder, younger].map((side) => reveal(side.master_id, because))))
    } catch (error) {
      say.failed(error)
    }
  }
  const [first, second] = shown ?? [elder.golden, younger.golden]
  const names = Object.keys({ ...elder.golden, ...younger.golden })
  const rows = names
    .map((field) => [field, line(first![field]), line(second![field])] as const)
    .filter(([, one, other]) => one || other)
    // What differs decides, so it is read first.
    .sort(([one], [other]) => Number(differs.includes(other)) - Number(differs.includes(one)))
  return (
    <table className="sides">
      <thead>
        <tr>
          <th scope="col">
            {may && !shown ? (
              <Button size="small" icon={<EyeOutlined />} onClick={() => void look()}>{t('reveal', { ns: 'customer' })}</Button>
            ) : (
              <span className="quiet">{t('field')}</span>
            )}
          </th>
          {[elder, younger].map((side, index) => (
            <th key={side.master_id + index} scope="col">
              <kbd>{index + 1}</kbd> <Link to={`/customers/${side.master_id}`}>{nameOf(side)}</Link>
              <div className="quiet small">{index === 0 ? t('elder') : t('younger')}</div>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([field, one, other]) => {
          // The hub compared what is under the masks.
          const state = differs.includes(field) ? 'differs' : one && other ? 'same' : 'lacks'
          return (
            <tr key={field} className={state}>
              <th scope="row">{t(`field.${field}`, { ns: 'customer', defaultValue: field })}</th>
              <td>{one || <span className="quiet">–</span>}</td>
              <td>{other || <span className="quiet">–</span>} {state === 'differs' && <Tag className="differs-tag">{t(one === other ? 'differs_masked' : 'differs')}</Tag>}</td>
            </tr>
          )
        })}
        <tr>
          <th scope="row">{t('records')}</th>
          {[elder, younger].map((side, index) => (
            <td key={index}>{side.records.map((record) => `${record.system} ${record.native_id}`).join(' · ') || '–'}</td>
          ))}
        </tr>
      </tbody>
    </table>
  )
}
