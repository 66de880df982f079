/** What the hub said that is wrong: a problem document, or that it cannot be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail)
    this.name = 'Problem'
  }

  static async from(response: Response): Promise<Problem> {
    try {
      const told = (await response.json()) as { code?: string; detail?: string; title?: string }
      return new Problem(response.status, told.code ?? 'answer', told.detail ?? told.title ?? response.statusText)
    } catch {
      return new Problem(response.status, 'answer', response.statusText)
    }
  }

  /** What was caught, as the problem that it is; anything else is the console's own. */
  static of(error: unknown): Problem {
    return error instanceof Problem ? error : new Problem(-1, 'console', error instanceof Error ? error.message : String(error))
  }
}
