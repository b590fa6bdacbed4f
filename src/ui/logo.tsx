/** The product's mark, in the navigation. */
export const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <rect class="logo-ground" width="32" height="32" rx="8" />
    <path class="logo-stem" d="M16 26v-9" />
    <path class="logo-leaf" d="M16 17c0-5-3-8-9-8 0 5 3 8 9 8Z" />
    <path class="logo-leaf small" d="M16 21c0-4 3-7 8-7 0 4-3 7-8 7Z" />
  </svg>
)
