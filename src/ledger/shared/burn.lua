-- Marks a name as used; returns whether it was unused.
-- KEYS[4]: the name. ARGV[3]: for how many milliseconds.

if redis.call('SET', KEYS[4], '1', 'NX', 'PX', ARGV[3]) then
  return 1
end
return 0
