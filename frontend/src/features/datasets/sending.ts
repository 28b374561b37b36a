import { Upload } from 'tus-js-client';
import { csrfHeader } from '@/api/client';
import type { ApiError } from '@/api/errors';
import { errorFrom, unreachable } from '@/api/errors';
import type { paths } from '@/api/schema';
import type { Parcel } from './parcel';
import { Tar } from './tar';

/** Where uploads begin; the rest of the conversation is tus 1.0, which names its own addresses. */
const ENDPOINT: keyof paths = '/api/v1/uploads/';
const CHUNK_BYTES = 8 * 2 ** 20;

export type Progress = { sent: number; total: number };

export type Handlers = {
  onProgress: (progress: Progress) => void;
  /** The upload is whole; its id. */
  onDone: (id: string) => void;
  onError: (error: ApiError) => void;
};

/** One parcel on its way. The same file or folder chosen again, even after a reload, continues where the service has it. */
export class Sending {
  private readonly upload: Upload;

  constructor(parcel: Parcel, lab: string, handlers: Handlers) {
    const { body } = parcel;
    this.upload = new Upload(body instanceof Tar ? new Blob() : body, {
      ...(body instanceof Tar ? { fileReader: { openFile: () => Promise.resolve(sourceOf(body)) } } : {}),
      endpoint: ENDPOINT,
      chunkSize: CHUNK_BYTES,
      retryDelays: [0, 1_000, 3_000, 5_000, 10_000, 20_000],
      metadata: { filename: parcel.name, lab },
      fingerprint: () => Promise.resolve(['atelier', lab, parcel.mark].join('|')),
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => {
        for (const [name, value] of Object.entries(csrfHeader())) request.setHeader(name, value);
      },
      onShouldRetry: (error) => mayRetry(error.originalResponse?.getStatus() ?? 0),
      onProgress: (sent, total) => handlers.onProgress({ sent, total }),
      onSuccess: () => handlers.onDone(idIn(this.upload.url ?? '')),
      onError: (error) => handlers.onError(explained(error)),
    });
  }

  /** Begin, or go on where the service's last byte lies. */
  async start(): Promise<void> {
    const [latest] = await this.upload.findPreviousUploads();
    if (latest !== undefined && this.upload.url === null) this.upload.resumeFromPreviousUpload(latest);
    this.upload.start();
  }

  /** Hold; what was sent stays. */
  async pause(): Promise<void> {
    await this.upload.abort();
  }

  /** Give up; the service forgets what was sent. */
  async discard(): Promise<void> {
    await this.upload.abort(true);
  }
}

/** A folder, packed piece by piece as it is asked for. */
function sourceOf(tar: Tar) {
  return {
    size: tar.size,
    slice: async (start: number, end: number) => ({ value: await tar.slice(start, end), done: end >= tar.size }),
    close: () => undefined,
  };
}

/** A refusal stays a refusal; a busy or vanished service is asked again. */
function mayRetry(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
}

function idIn(url: string): string {
  return url.split('/').findLast((part) => part !== '') ?? '';
}

type Refused = Error & {
  originalResponse?: {
    getStatus: () => number;
    getBody: () => string;
    getHeader: (name: string) => string | undefined;
  } | null;
};

function explained(error: Error): ApiError {
  const answer = (error as Refused).originalResponse;
  if (answer === null || answer === undefined) return unreachable();
  const response = new Response(null, { status: answer.getStatus() < 200 ? 500 : answer.getStatus() });
  return errorFrom(response, parsed(answer.getBody()));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
