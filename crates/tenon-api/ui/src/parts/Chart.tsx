// A chart of ECharts in the colours of the console. The table beside it says the same in words.
import { useEffect, useRef } from 'react'
import { BarChart, FunnelChart, LineChart, PieChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use as register, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { PALETTES, SANS, useLook } from '../app/theme'

register([BarChart, FunnelChart, LineChart, PieChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

export function Chart({ option, label, height = 280 }: { option: EChartsCoreOption; label: string; height?: number }) {
  const place = useRef<HTMLDivElement>(null)
  const look = useLook()
  useEffect(() => {
    if (!place.current) return
    const palette = PALETTES[look]
    const chart = init(place.current)
    chart.setOption({
      color: palette.series,
      textStyle: { color: palette.quiet, fontFamily: SANS, fontSize: 12.5 },
      backgroundColor: 'transparent',
      animationDuration: 200,
      ...option,
    })
    const fit = new ResizeObserver(() => chart.resize())
    fit.observe(place.current)
    return () => {
      fit.disconnect()
      chart.dispose()
    }
  }, [option, look])
  return <div ref={place} role="img" aria-label={label} style={{ height }} />
}
