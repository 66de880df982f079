/** The sign of the house: a tenon in its mortise. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="mark">
      <rect width="32" height="32" rx="8" fill="var(--accent-fill)" />
      <path d="M6 9h9v5h5v4h-5v5H6z" fill="#fff" />
      <path d="M26 9h-8v2.500h4.500v9H18V23h8z" fill="#9fe0cd" />
    </svg>
  )
}
