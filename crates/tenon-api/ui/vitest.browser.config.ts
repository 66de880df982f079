import { defineConfig } from 'vitest/config'

/** The journeys, or the pictures of the docs: a real browser, the real binary, one hub for each file of them. */
export default defineConfig({
  test: {
    include: [process.env.PICTURES ? 'tests/pictures.ts' : 'tests/**/*.test.ts'],
    reporters: ['verbose'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    sequence: { concurrent: false },
  },
})
