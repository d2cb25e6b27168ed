"""What began to play on a page, noted by the page itself: a short sound is over before a test can look."""


def started(window, player, press):
    """What ``player`` (JavaScript) plays once ``press`` was called: the ids of the sounds, in the order they began."""
    window.evaluate(
        f"""() => {{
          const player = {player};
          if (!player.started) {{
            const changed = player.changed;
            player.changed = () => {{
              if (player.playing) player.started.push(player.chosen);
              changed();
            }};
          }}
          player.started = [];
        }}"""
    )
    press()
    window.wait_for_function(f"{player}.started.length")
    return window.evaluate(f"{player}.started")
