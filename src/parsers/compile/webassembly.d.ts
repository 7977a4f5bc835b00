/** What is used here of WebAssembly's JavaScript interface; TypeScript has it in its DOM library only,
 *  which the daemon does without. WebAssembly JavaScript Interface 2.0, chapter 5. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>)
  }
  class Memory {
    /** Pages of 64 KiB. */
    constructor(size: { readonly initial: number })
    constructor(size: { readonly initial: number; readonly maximum: number; readonly shared: true })
    /** Another object after each `grow`; a SharedArrayBuffer where threads share it. */
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Instance {
    constructor(
      module: Module,
      imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
    )
    readonly exports: Readonly<Record<string, unknown>>
  }
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean
}
