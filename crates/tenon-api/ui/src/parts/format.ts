// Numbers and times as people of either language write them.
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

export type Format = ReturnType<typeof makeFormat>

export function makeFormat(language: string) {
  const tag = language === 'zh' ? 'zh-CN' : 'en-GB'
  const plain = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 })
  const short = new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 })
  const share = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 })
  const clock = new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  const day = new Intl.DateTimeFormat(tag, { year: 'numeric', month: '2-digit', day: '2-digit' })
  const minute = new Intl.DateTimeFormat(tag, { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const whole = new Intl.DateTimeFormat(tag, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  })
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' })
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(tag, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)

  function duration(ms: number): string {
    if (ms < 1_000) return unit(Math.round(ms), 'millisecond')
    if (ms < 60_000) return unit(ms / 1_000, 'second')
    if (ms < 3_600_000) return unit(ms / 60_000, 'minute')
    if (ms < 86_400_000) return unit(ms / 3_600_000, 'hour')
    return unit(ms / 86_400_000, 'day')
  }

  return {
    number: (value: number) => plain.format(value),
    short: (value: number) => (Math.abs(value) < 10_000 ? plain.format(value) : short.format(value)),
    share: (value: number) => share.format(value),
    duration,
    time: (at: string) => whole.format(new Date(at)),
    minute: (at: string) => minute.format(new Date(at)),
    day: (at: string) => day.format(new Date(at)),
    clock: (at: string) => {
      const date = new Date(at)
      return `${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`
    },
    ago: (at: string, now = Date.now()) => {
      const seconds = Math.round((new Date(at).getTime() - now) / 1_000)
      const steps: [number, Intl.RelativeTimeFormatUnit][] = [[60, 'second'], [60, 'minute'], [24, 'hour'], [30, 'day'], [12, 'month'], [Infinity, 'year']]
      let value = seconds
      for (const [size, name] of steps) {
        if (Math.abs(value) < size) return relative.format(Math.round(value), name)
        value /= size
      }
      return at
    },
    bytes: (size: number) =>
      size < 1024 ? unit(size, 'byte') : size < 1024 ** 2 ? unit(size / 1024, 'kilobyte') : unit(size / 1024 ** 2, 'megabyte'),
  }
}

export function useFormat(): Format {
  const { i18n } = useTranslation()
  return useMemo(() => makeFormat(i18n.language), [i18n.language])
}
