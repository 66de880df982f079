import { Timeline } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../api/client'
import { Code } from './Code'
import { Reason } from './Said'
import { When } from './When'

type Event = Schemas['EventView']

const COLOURS: Record<string, string> = { failed: 'red', dropped: 'red', corrected: 'green', settled: 'green', redriven: 'blue' }

/** Every attempt with the target's answer, and what people did about it, the latest first. */
export function History({ events }: { events: Event[] }) {
  const { t } = useTranslation('parked')
  const [open, setOpen] = useState<number>()
  if (!events.length) return <p className="quiet">{t('no_history')}</p>
  return (
    <Timeline
      items={[...events].reverse().map((event, at) => ({
        key: at,
        color: COLOURS[event.what] ?? 'gray',
        content: (
          <div className="small">
            <b>{t([`event.${event.what}`, 'event.other'], { what: event.what })}</b>{' '}
            {event.who && <span>{t('by', { who: event.who })} </span>}
            <span className="quiet"><When at={event.at} exact /></span>
            {event.attempts > 0 && <span className="quiet"> · {t('attempt', { count: event.attempts })}</span>}
            {event.detail && <div><Reason code={event.code ?? ''} text={event.detail} /></div>}
            {event.sent && (
              <>
                <button type="button" className="linkish" aria-expanded={open === at} onClick={() => setOpen(open === at ? undefined : at)}>{t('was_given')}</button>
                {open === at && <Code label={t('was_given')} text={event.sent} language="plain" height="160px" />}
              </>
            )}
          </div>
        ),
      }))}
    />
  )
}
