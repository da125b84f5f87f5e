import { TaktError } from '@takt/kernel';

/** Also said of objects outside the caller's sites, so that names elsewhere are not told. */
export const notFound = (kind: string, ref: string): TaktError =>
  new TaktError({
    code: 'NotFound',
    message: `there is no ${kind} "${ref}"`,
    action:
      kind === 'artifact'
        ? 'push the file again: a file that nothing names is removed after a while'
        : kind === 'deployment' || kind === 'job'
          ? `list them with \`takt status\``
          : `list what there is: \`takt ${kind}s\``,
    element: ref,
  });

export const alreadyExists = (kind: string, name: string): TaktError =>
  new TaktError({
    code: 'AlreadyExists',
    message: `${kind} "${name}" exists already`,
    action: 'choose another name, or use the one there is',
    element: name,
  });

export const refused = (code: string, message: string, action: string, element?: string, retryable = false): TaktError =>
  new TaktError({ code, message, action, retryable, ...(element === undefined ? {} : { element }) });
