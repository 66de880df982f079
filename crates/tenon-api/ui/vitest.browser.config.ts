import { defineConfig } from 'vitest/config'

/** The journeys: a real browser, the real binary, one hub for all of them. */
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    sequence: { concurrent: false },
  },
})
