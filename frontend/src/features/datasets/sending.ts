import { BASE_PATH } from '@/api/basePath';
import { defaultOptions, Upload, type HttpRequest, type HttpResponse, type PreviousUpload } from 'tus-js-client';
import { csrfHeader } from '@/api/client';
import { ApiError, errorFrom, unreachable } from '@/api/errors';
import type { paths } from '@/api/schema';
import type { Parcel } from './parcel';
import { Tar } from './tar';

/** Where uploads begin; the rest of the conversation is tus 1.0, which names its own addresses. */
const ENDPOINT: keyof paths = '/api/v1/uploads/';
const CHUNK_BYTES = 8 * 2 ** 20;
/** Nothing was heard for so long: the network is gone, though nobody said so. */
const SILENCE_MS = 60_000;

export type Handlers = {
  /** The service knows it by this id. */
  onBegun: (id: string) => void;
  onProgress: (sent: number) => void;
  /** What had arrived is not there any more; it is sent from its beginning. */
  onGone: () => void;
  /** The upload is whole. */
  onDone: (id: string) => void;
  /** It stands still; whether to begin again is up to the caller. */
  onError: (error: ApiError) => void;
};

/** One parcel on its way. The same file or folder chosen again, even after a reload, continues where the service has it. */
export class Sending {
  private readonly upload: Upload;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    parcel: Parcel,
    lab: string,
    private readonly handlers: Handlers,
  ) {
    const { body } = parcel;
    this.upload = new Upload(body instanceof Tar ? new Blob() : body, {
      ...(body instanceof Tar ? { fileReader: { openFile: () => Promise.resolve(sourceOf(body)) } } : {}),
      endpoint: BASE_PATH + ENDPOINT,
      chunkSize: CHUNK_BYTES,
      retryDelays: null,
      metadata: { filename: parcel.name, lab },
      fingerprint: () => Promise.resolve(fingerprintOf(lab, parcel.mark)),
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => {
        for (const [name, value] of Object.entries(csrfHeader())) request.setHeader(name, value);
      },
      onAfterResponse: (request, response) => this.lookAt(request, response),
      onUploadUrlAvailable: () => handlers.onBegun(idIn(this.upload.url)),
      onProgress: (sent) => {
        this.listen();
        handlers.onProgress(sent);
      },
      onSuccess: () => this.end(() => handlers.onDone(idIn(this.upload.url))),
      onError: (error) => this.end(() => handlers.onError(explained(error))),
    });
  }

  /** Begin, or go on where the service's last byte lies. */
  async start(): Promise<void> {
    this.listen();
    const [latest] = await this.upload.findPreviousUploads();
    if (latest !== undefined && this.upload.url === null) this.upload.resumeFromPreviousUpload(latest);
    this.upload.start();
  }

  /** Hold; what was sent stays. */
  async pause(): Promise<void> {
    clearTimeout(this.silence);
    await this.upload.abort();
  }

  /** Give up; the service forgets what was sent. */
  async discard(): Promise<void> {
    clearTimeout(this.silence);
    await this.upload.abort(true);
  }

  /** The client would take any refusal for "not there" and forget the address; only these two say so. */
  private lookAt(request: HttpRequest, response: HttpResponse): void {
    const status = response.getStatus();
    if (request.getMethod() !== 'HEAD' || status < 400) return;
    if (status === 404 || status === 410) this.handlers.onGone();
    else throw refused(response);
  }

  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      void this.pause();
      this.handlers.onError(unreachable());
    }, SILENCE_MS);
  }

  private end(tell: () => void): void {
    clearTimeout(this.silence);
    tell();
  }
}

export type Remembered = { id: string; name: string; size: number | null; mark: string; key: string };

/** The uploads that this browser began in the lab and did not finish. */
export async function remembered(lab: string): Promise<Remembered[]> {
  const all = await storage().findAllUploads();
  return all
    .filter(({ metadata, uploadUrl }) => metadata.lab === lab && uploadUrl !== null)
    .map((one: PreviousUpload) => ({
      id: idIn(one.uploadUrl),
      name: one.metadata.filename ?? '',
      size: one.size,
      mark: one.urlStorageKey.slice(PREFIX.length, one.urlStorageKey.lastIndexOf('::')),
      key: one.urlStorageKey,
    }));
}

/** Remember it no longer. */
export async function forget(key: string): Promise<void> {
  await storage().removeUpload(key);
}

/** Of the keys under which the client keeps addresses, before the fingerprint. */
const PREFIX = 'tus::';
const storage = () => defaultOptions.urlStorage;

export function fingerprintOf(lab: string, mark: string): string {
  return ['atelier', lab, mark].join('|');
}

/** A folder, packed piece by piece as it is asked for. */
function sourceOf(tar: Tar) {
  return {
    size: tar.size,
    slice: async (start: number, end: number) => ({ value: await tar.slice(start, end), done: end >= tar.size }),
    close: () => undefined,
  };
}

function idIn(url: string | null): string {
  return url?.split('/').findLast((part) => part !== '') ?? '';
}

type Refused = Error & { originalResponse?: HttpResponse | null; causingError?: Error | null };

function explained(error: Error): ApiError {
  const { originalResponse: answer, causingError: cause } = error as Refused;
  if (cause instanceof ApiError) return cause;
  // The browser could not read the file: it was changed, moved or its disk is gone.
  if (cause instanceof DOMException && cause.name.startsWith('Not')) return new ApiError(CHANGED, 400, 'file_changed');
  return answer === null || answer === undefined ? unreachable() : refused(answer);
}

const CHANGED = 'A file was changed, moved or removed since it was chosen; choose it again.';

function refused(answer: HttpResponse): ApiError {
  const status = answer.getStatus() < 200 ? 500 : answer.getStatus();
  const headers = { 'Retry-After': answer.getHeader('Retry-After') ?? '' };
  return errorFrom(new Response(null, { status, headers }), parsed(answer.getBody()) ?? SENTENCES[status]);
}

/** An answer to HEAD has no body that could say it, and a proxy's page is none of ours. */
const SENTENCES: Record<number, unknown> = {
  401: { code: 'not_authenticated', message: 'Your login has expired. Log in again; what has arrived stays.' },
  403: { code: 'forbidden', message: 'You may not upload to this lab any more; ask an owner or admin of it.' },
  413: {
    code: 'too_large',
    message: `Something between this page and the service refuses pieces of ${CHUNK_BYTES / 2 ** 20} MiB; whoever runs it must allow them.`,
  },
};

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
