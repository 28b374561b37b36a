/** Every failed request as one kind of error, with the server's own sentence. */

export type Fields = Record<string, string[]>;

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly fields: Fields = {},
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The first fault of each input, by its dotted path. */
  get faults(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.fields).map(([path, faults]) => [path, faults.join(' ')]));
  }
}

/** The error in an answer that is not ok; a proxy's page without our shape becomes a sentence of our own. */
export function errorFrom(response: Response, body: unknown): ApiError {
  const retryAfter = Number(response.headers.get('Retry-After') ?? Number.NaN);
  const wait = Number.isFinite(retryAfter) ? retryAfter : null;
  if (isShape(body)) return new ApiError(body.message, response.status, body.code, body.fields ?? {}, wait);
  return new ApiError(
    `The service answered ${response.status} without an explanation; something between this page and the service may have refused the request.`,
    response.status,
    'unexplained',
    {},
    wait,
  );
}

export function unreachable(): ApiError {
  return new ApiError(
    'The service does not answer. Check that it is running and that this machine is connected, then try again.',
    0,
    'unreachable',
  );
}

/** A sentence for a person, whatever was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Error && error.message !== '') return error.message;
  return 'Something failed in this page; reload it.';
}

function isShape(body: unknown): body is { code: string; message: string; fields?: Fields } {
  return (
    typeof body === 'object' && body !== null && 'code' in body && 'message' in body && typeof body.message === 'string'
  );
}

/** The faults of inputs in an error, by dotted path; empty for any other error. */
export function faultsOf(error: unknown): Record<string, string> {
  return error instanceof ApiError ? error.faults : {};
}
