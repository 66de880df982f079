/** The course of a number, small. What it shows is said in numbers beside it. */
export function Sparkline({ values, width = 96, height = 26, tone = 'good' }: { values: number[]; width?: number; height?: number; tone?: 'good' | 'info' }) {
  const most = Math.max(1, ...values)
  const step = width / Math.max(1, values.length - 1)
  const points = values.map((value, at) => `${(at * step).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`)
  return (
    <svg width={width} height={height} className={tone} aria-hidden="true" style={{ maxWidth: '100%' }}>
      {points.length > 1 && (
        <>
          <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} fill="currentColor" opacity=".13" />
          <polyline points={points.join(' ')} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
        </>
      )}
    </svg>
  )
}
