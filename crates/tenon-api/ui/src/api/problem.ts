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
      return new Problem(response.status, told.code ?? 'unknown', told.detail ?? told.title ?? response.statusText)
    } catch {
      return new Problem(response.status, 'unknown', response.statusText)
    }
  }
}
